/* Ends at once, and well: the shortest program there is. */
int main(void)
{
	return 0;
}
