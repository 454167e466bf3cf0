/*
 * The program that tests probe: for each line with a number it calls its functions that often and says so.
 *
 *     N        first(i, 7) and second(i) for i = 0 .. N-1, and getppid(2) through libc N times
 *     spin MS  computes in spin() for that long
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Exported and never inlined: their symbols are what is looked for. */
__attribute__((noinline, visibility("default"))) long first(long a, long b)
{
	__asm__ volatile("" ::: "memory");
	return a + b;
}

__attribute__((noinline, visibility("default"))) long second(long a)
{
	__asm__ volatile("" ::: "memory");
	return 2 * a;
}

__attribute__((noinline)) static long now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

__attribute__((noinline, visibility("default"))) unsigned long spin(long ms)
{
	unsigned long sum = 1;

	for (long end = now_ms() + ms; now_ms() < end;)
		for (int i = 0; i < 1000000; i++) {
			sum = sum * 6364136223846793005UL + 1;
			__asm__ volatile("" : "+r"(sum));
		}
	return sum;
}

int main(void)
{
	char line[64];
	volatile long sink = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	while (fgets(line, sizeof(line), stdin)) {
		if (!strncmp(line, "spin ", 5)) {
			sink += spin(atol(line + 5));
		} else {
			long count = atol(line);

			for (long i = 0; i < count; i++) {
				sink += first(i, 7) + second(i);
				sink += getppid();
			}
		}
		printf("done %s", line);
	}
	return 0;
}
