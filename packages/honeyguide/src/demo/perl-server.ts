/** The same server in perl, which every Debian has: one process, one shell for each request or one for all. */

/** The script; MODE is its first argument, the word the first line of its standard input. */
export const perlServer = `
use IO::Socket::INET; use IO::Select; $| = 1; $SIG{PIPE} = "IGNORE";
my $mode = shift; my $word = <STDIN>; chomp $word;
my $l = IO::Socket::INET->new(Listen => 16, LocalAddr => "127.0.0.1", LocalPort => 0, ReuseAddr => 1) or die;
print $l->sockport, "\\n";
my ($in, $out);
if ($mode eq "shell") { pipe(my $r, $in); pipe($out, my $w); unless (fork) { open(STDIN, "<&", $r); open(STDOUT, ">&", $w); close $_ for ($r, $w, $in, $out, $l); exec "/bin/sh" } close $r; close $w; select((select($in), $| = 1)[0]); }
my $sel = IO::Select->new($l, \\*STDIN);
while (my @ready = $sel->can_read) {
  for my $h (@ready) {
    exit 0 if $h == \\*STDIN;
    my $c = $l->accept or next;
    while (defined(my $line = <$c>)) {
      my ($len, $ok, $body) = (0, 0, "");
      while (defined($line = <$c>)) { $line =~ s/\\r?\\n$//; last if $line eq ""; $len = $1 if $line =~ /^content-length: (\\d+)/i; $ok = 1 if $line =~ /^x-word: (.*)/i && $1 eq $word; }
      read($c, $body, $len) if $len;
      if ($ok) { if ($mode eq "shell") { print $in "{ $body\\n} >/dev/null 2>&1 </dev/null\\necho done\\n"; my $d = <$out>; } else { my $p = fork; unless ($p) { close $c; open(STDIN, "<", "/dev/null"); open(STDOUT, ">", "/dev/null"); open(STDERR, ">", "/dev/null"); exec "/bin/sh", "-c", $body } waitpid($p, 0); } }
      print $c "HTTP/1.1 200 OK\\r\\ncontent-length: 5\\r\\n\\r\\ndone\\n"; $c->flush;
    }
    close $c;
  }
}`
