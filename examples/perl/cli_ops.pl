#!/usr/bin/env perl
# Takes part in the coordination of CLIs with nothing but the modules that come with Perl. Linux.
#
#     cli_ops.pl events              print the events that are kept, a JSON object a line
#     cli_ops.pl emit TYPE [JSON]    emit an event
#     cli_ops.pl serve NAME          serve the methods of the conformance suite: cli-ops conformance NAME
#
# Follows docs/reference: event-log.md, registry.md and wire-protocol.md.
use strict;
use warnings;
use B ();
use Digest::SHA qw(sha256_hex);
use Errno qw(EEXIST ENOENT);
use Fcntl qw(:DEFAULT :mode);
use IO::Select;
use IO::Socket::UNIX;
use JSON::PP;
use POSIX qw(strftime);
use Time::HiRes qw(time);

my $json = JSON::PP->new->utf8->allow_nonref->allow_bignum->canonical;

# --- names and directories ---------------------------------------------------------------------------------------------

sub encode_name {
    my ($name) = @_;
    my $text = $name =~ s/([^a-z0-9._-])/sprintf '%%%02X', ord $1/ger;
    $text =~ s/^\./%2E/;
    $text =~ s/(?<=.)\.$/%2E/s;
    $text =~ s/^(con|prn|aux|nul|com[0-9]|lpt[0-9])(?=\.|$)/sprintf('%%%02X', ord $1) . substr($1, 1)/e;
    return $text if length $text <= 120;
    return substr($text, 0, 87) =~ s/%[0-9A-F]?$//r . '~' . substr(sha256_hex($name), 0, 32);
}

sub is_private {
    my @status = lstat $_[0] or return 0;
    return S_ISDIR($status[2]) && $status[4] == $< && !($status[2] & 077);
}

sub make_directory {
    my ($path) = @_;
    my $made = '';
    for my $part (split m{/}, $path) {
        $made .= "$part/";
        -d $made or mkdir $made, 0700 or $! == EEXIST or die "$made: $!\n";
    }
    return $path;
}

sub directory {
    my $base = $ENV{CLI_OPS_HOME} || (($ENV{XDG_DATA_HOME} || "$ENV{HOME}/.local/share") . '/cli-ops');
    make_directory($base);
    is_private($base) or die "$base must be a directory of yours that is closed to others (chmod 700)\n";
    my $namespace = $ENV{CLI_OPS_NAMESPACE};
    $base .= '/namespaces/' . encode_name($namespace) if defined $namespace && $namespace ne '';
    return make_directory("$base/$_[0]");
}

sub names_in {
    opendir my $handle, $_[0] or return ();
    return grep { !/^\.\.?$/ } readdir $handle;
}

sub random_digits {
    open my $random, '<:raw', '/dev/urandom' or die "/dev/urandom: $!\n";
    read $random, my $bytes, $_[0] / 2;
    return unpack 'H*', $bytes;
}

my $instance = random_digits(12);

# --- events ------------------------------------------------------------------------------------------------------------

my $MAX_LINE_BYTES = 2 * 2**20;

sub segment_path { return sprintf '%s/%08d.ndjson', directory('events'), $_[0] }
sub seal_of      { return sprintf qq(\n{"cliops":"seal","segment":%d}\n), $_[0] }

sub segments {
    return sort { $a <=> $b } map { /^(\d{8,15})\.ndjson$/ && $1 > 0 ? $1 + 0 : () } names_in(directory('events'));
}

# The whole file, without what is behind the first seal; and whether there is a seal.
sub valid_part {
    my ($handle, $number) = @_;
    my $text = '';
    my $offset = 0;
    sysseek $handle, 0, 0;
    $offset += $_ while ($_ = sysread $handle, $text, 1 << 20, $offset);
    my $end = index $text, seal_of($number);
    return $end == -1 ? ($text, 0) : (substr($text, 0, $end + 1), 1);
}

sub is_event {
    my ($record) = @_;
    return 0 unless ref $record eq 'HASH' && exists $record->{data} && ($record->{specversion} // '') eq '1.0';
    is_string($record->{$_}) or return 0 for qw(id source type time);
    return !grep { $record->{$_} eq '' } qw(id source type);
}

sub print_events {
    for my $number (segments()) {
        sysopen my $handle, segment_path($number), O_RDONLY or next;
        my ($text) = valid_part($handle, $number);
        my @lines = split /\n/, $text, -1;
        pop @lines;    # What follows the last newline is not complete yet.
        for my $line (@lines) {
            next if $line eq '' || length $line > $MAX_LINE_BYTES;
            my $event = eval { $json->decode($line) };
            print $json->encode(without_proto($event)), "\n" if is_event($event);
        }
    }
}

sub without_proto {
    my ($value) = @_;
    return [map { without_proto($_) } @$value] if ref $value eq 'ARRAY';
    return $value unless ref $value eq 'HASH';
    return { map { $_ => without_proto($value->{$_}) } grep { $_ ne '__proto__' } keys %$value };
}

sub write_whole {
    my ($handle, $text) = @_;
    my $written = syswrite $handle, $text;
    defined $written && $written == length $text or die "the event could not be stored: $!\n";
}

sub seal_segment {
    my ($number) = @_;
    sysopen my $handle, segment_path($number), O_RDWR | O_APPEND or return;
    my (undef, $sealed) = valid_part($handle, $number);
    write_whole($handle, seal_of($number)) unless $sealed;
}

# Appends to the newest segment; false where that was sealed, so that the record is void.
sub append {
    my ($record) = @_;
    my $newest = (segments())[-1] // 1;
    my $create = $newest == 1 ? O_CREAT : 0;
    sysopen my $handle, segment_path($newest), O_RDWR | O_APPEND | $create, 0600 or return 0;
    if (-s $handle == 0) {
        seal_segment($newest - 1);
        write_whole($handle, sprintf qq(\n{"cliops":"header","version":1,"segment":%d,"startedAt":%d}\n), $newest, time * 1000);
    }
    write_whole($handle, $record);
    # First whether there is a next one, then whether this one still has its name.
    my $followed = -e segment_path($newest + 1);
    return 1 if !$followed && (stat $handle)[3] > 0;
    my ($valid) = valid_part($handle, $newest);
    return index($valid, $record) != -1;
}

sub emit_event {
    my ($type, $data) = @_;
    my $now = time;
    my $event = $json->encode({
        specversion => '1.0', id => "$instance-" . random_digits(8), source => "/cli-ops/cli_ops.pl/$instance",
        type => $type, datacontenttype => 'application/json', data => $json->decode($data),
        time => strftime('%Y-%m-%dT%H:%M:%S', gmtime $now) . sprintf('.%03dZ', ($now - int $now) * 1000),
    });
    my $record = "\n$event\n";
    1 until append($record);
    print "$event\n";
}

# --- who is running ----------------------------------------------------------------------------------------------------

sub slurp {
    open my $handle, '<:raw', $_[0] or return '';
    local $/;
    return scalar <$handle> // '';
}

sub fnv1a {
    use integer;    # 64 bits that wrap
    my $value = -3750763034362895579;    # 0xcbf29ce484222325
    $value = ($value ^ ord $_) * 1099511628211 for split //, $_[0];
    return sprintf '%016x', $value;
}

sub identity {
    my @fields = split ' ', slurp("/proc/$$/stat") =~ s/.*\)//sr;
    my $boot = substr slurp('/proc/sys/kernel/random/boot_id') =~ tr/-\n//dr, 0, 12;
    my ($pidns) = (readlink('/proc/self/ns/pid') // '') =~ /(\d+)/;
    my $machine = slurp('/etc/machine-id') =~ s/\s//gr;
    $machine = fnv1a($machine) if $machine ne '';
    return sprintf 'p%d.t%d.s%s.b%s.n%s.m%s.w%d', $$, $$, $fields[19] // '', $boot, $pidns // '', $machine, time + 1;
}

my ($record_path, $socket_path);

sub write_record {
    my ($name, $endpoint) = @_;
    my $record = { name => $name, instance => $instance, pid => $$, startedAt => int(time * 1000), metadata => {} };
    $record->{endpoint} = $endpoint if defined $endpoint;
    sysopen my $handle, "$record_path.new", O_WRONLY | O_CREAT | O_EXCL, 0600 or die "$record_path.new: $!\n";
    write_whole($handle, $json->encode($record));
    rename "$record_path.new", $record_path or die "$record_path: $!\n";
}

sub new_socket_path {
    my $file = "$instance-" . random_digits(8) . '.sock';
    my $runtime = $ENV{XDG_RUNTIME_DIR} // '';
    my @folders = map { "$_/cli-ops-$<" } $ENV{TMPDIR} || '/tmp', '/tmp';
    unshift @folders, "$runtime/cli-ops" if $runtime =~ m{^/} && -d $runtime;
    for my $folder (@folders) {
        next if length "$folder/$file" > 103;
        return "$folder/$file" if is_private(make_directory($folder));
        die "$folder must be closed to others (chmod 700)\n" if (lstat $folder)[4] == $<;
    }
    return directory('sockets') . "/$file";
}

# --- messages ----------------------------------------------------------------------------------------------------------

my $MAX_MESSAGE_BYTES = 1 << 20;
my $MAX_REFUSED = 1000;

sub is_string { return defined $_[0] && !ref $_[0] && B::svref_2object(\$_[0])->FLAGS & B::SVf_POK }
sub is_number { return defined $_[0] && !is_string($_[0]) && (!ref $_[0] || ref($_[0]) =~ /^Math::Big/) }

sub is_id {
    my ($id) = @_;
    return 1 if !defined $id;
    return length $id <= 1024 if is_string($id);
    return 0 unless is_number($id);
    return 1 if abs($id) <= 2**53 - 1;
    return ref $id eq 'Math::BigFloat' && !$id->is_int;
}

sub is_request {
    my ($message) = @_;
    return 0 unless ref $message eq 'HASH' && is_string($message->{jsonrpc}) && $message->{jsonrpc} eq '2.0';
    my ($timeout, $parent) = @{$message}{qw(timeoutMs traceparent)};
    return is_string($message->{method}) && is_id($message->{id})
        && (!defined $timeout || is_number($timeout) && $timeout >= 0) && (!defined $parent || is_string($parent));
}

sub is_reply {
    my ($message) = @_;
    return 0 unless ref $message eq 'HASH' && ($message->{jsonrpc} // '') eq '2.0' && !exists $message->{method};
    return exists $message->{id} && is_id($message->{id}) && (exists $message->{result} || ref $message->{error} eq 'HASH');
}

sub is_answered {
    my ($message) = @_;
    return is_request($message) ? exists $message->{id} : !is_reply($message);
}

sub result_of { return { jsonrpc => '2.0', id => $_[0], result => $_[1] } }

sub error_of {
    my ($id, $code, $message, %data) = @_;
    return { jsonrpc => '2.0', id => $id, error => { code => $code, message => $message, %data ? (data => \%data) : () } };
}

# --- the methods: each is given the parameters and a way to report progress, and gives its result or dies --------------

my @noted;
my $WAITS = {};    # what stands for an answer that comes later

my %METHODS = (
    'conformance/echo' => sub { return $_[0] },
    'conformance/fail' => sub { die { message => 'failed', code => 'E_TEST' } },
    'conformance/wait' => sub { return $WAITS },
    'conformance/count' => sub { $_[1]->($_ + 0) for 1 .. $_[0]; return $_[0] },
    'conformance/note' => sub { push @noted, $_[0]; return undef },
    'conformance/noted' => sub { return [splice @noted] },
);

# --- one connection: socket, buffer, framing, running requests ----------------------------------------------------------

my (%connections, $own_name, $select);

sub send_message {
    my ($connection, $message) = @_;
    my $text = $json->encode($message);
    my $frame = $connection->{lines} ? "$text\n" : 'Content-Length: ' . length($text) . "\r\n\r\n$text";
    while (length $frame) {
        my $written = syswrite $connection->{socket}, $frame;
        return if !defined $written;    # The peer has gone.
        substr $frame, 0, $written, '';
    }
}

sub refuse {
    my ($connection, $reply) = @_;
    $connection->{refused} += 1;
    send_message($connection, $reply);
}

sub accept_message {
    my ($connection, $message) = @_;
    my $send = sub { send_message($connection, $_[0]) };
    return accept_entry($connection, $message, $send) if ref $message ne 'ARRAY';
    return refuse($connection, error_of(undef, -32600, 'a batch must have 1 to 1000 entries')) if !@$message || @$message > 1000;
    my @replies;
    my $expected = grep { is_answered($_) } @$message;
    my $add = sub {
        push @replies, $_[0];
        $send->(\@replies) if @replies == $expected;
    };
    accept_entry($connection, $_, $add) for @$message;
}

sub accept_entry {
    my ($connection, $message, $reply) = @_;
    if (is_reply($message)) { $connection->{refused} += 1; return }
    if (!is_request($message)) {
        $connection->{refused} += 1;
        my $id = ref $message eq 'HASH' && is_id($message->{id}) ? $message->{id} : undef;
        return $reply->(error_of($id, -32600, 'no request of JSON-RPC 2.0'));
    }
    my ($id, $method, $params) = @{$message}{qw(id method params)};
    $reply = sub { } unless exists $message->{id};
    if ($method eq '$/cancelRequest' && ref $params eq 'HASH' && exists $params->{id}) {
        my $running = delete $connection->{running}{ $json->encode($params->{id}) };
        $running->{reply}->(error_of($params->{id}, -32800, 'cancelled')) if $running;
    }
    return $reply->(result_of($id, undef)) if $method eq '$/cancelRequest';
    return $reply->(result_of($id, pong())) if $method eq '$/ping';
    my $key = $json->encode($id);
    return $reply->(error_of($id, -32600, 'a request with this id is still running')) if exists $connection->{running}{$key};
    return $reply->(error_of($id, -32601, "no method $method")) unless exists $METHODS{$method};
    my $progress = sub {
        send_message($connection, { jsonrpc => '2.0', method => '$/progress', params => { token => $id, value => $_[0] } });
    };
    my $result = eval { $METHODS{$method}->($params, $progress) };
    if (my $failure = $@) {
        return $reply->(error_of($id, -32000, $failure->{message}, code => $failure->{code})) if ref $failure;
        return $reply->(error_of($id, -32000, $failure));
    }
    return $reply->(result_of($id, $result)) unless ref $result && $result == $WAITS;
    my $timeout = $message->{timeoutMs};
    $connection->{running}{$key} = { id => $id, reply => $reply, deadline => defined $timeout ? time + $timeout / 1000 : undef };
}

sub pong { return { name => $own_name, instance => $instance, pid => $$ + 0, maxMessageBytes => $MAX_MESSAGE_BYTES } }

# Takes the messages out of what was read; false where no further one can be read.
sub read_messages {
    my ($connection) = @_;
    if (!defined $connection->{lines}) {
        $connection->{buffer} =~ s/^[ \t\r\n\xef\xbb\xbf]+//;
        return 1 if $connection->{buffer} eq '';
        $connection->{lines} = $connection->{buffer} !~ /^[Cc]/;
    }
    while ($connection->{refused} <= $MAX_REFUSED) {
        my $text = $connection->{lines} ? take_line($connection) : take_body($connection);
        return 1 if !defined $text;
        return 0 if ref $text;
        my $message = eval { without_proto($json->decode($text)) };
        if ($@) { refuse($connection, error_of(undef, -32700, 'the message is no JSON')) }
        else    { accept_message($connection, $message) }
    }
    return 0;
}

sub take_line {
    my ($connection) = @_;
    while (1) {
        my $end = index $connection->{buffer}, "\n";
        my $length = $end == -1 ? length $connection->{buffer} : $end;
        if ($length > $MAX_MESSAGE_BYTES && !$connection->{skipping}) {
            refuse($connection, error_of(undef, -32001, "the message is larger than $MAX_MESSAGE_BYTES bytes"));
            $connection->{skipping} = 1;
        }
        if ($end == -1) {
            $connection->{buffer} = '' if $connection->{skipping};
            return undef;
        }
        my $line = substr $connection->{buffer}, 0, $end + 1, '';
        next if delete $connection->{skipping};
        return $line if $line =~ /\S/;
    }
}

# The body, undef where it has not come yet, or a reference where the stream cannot be read any more.
sub take_body {
    my ($connection) = @_;
    if (!defined $connection->{length}) {
        if ($connection->{buffer} !~ /^(.{0,1024}?)\r?\n\r?\n/s) {
            return undef if length $connection->{buffer} < 1024;
            refuse($connection, error_of(undef, -32700, 'the header is too long'));
            return \'ended';
        }
        my ($header, $end) = ($1, $+[0]);
        my @declared = $header =~ /^Content-Length:[ \t]*(.*?)[ \t]*\r?$/mgi;
        my %lengths = map { (/^\d{1,15}$/ ? $_ + 0 : 0) => 1 } @declared;
        my ($length, @others) = keys %lengths;
        $length = 0 if @others;
        my $refusal = !$length ? error_of(undef, -32700, 'the header has no valid Content-Length')
            : $length > $MAX_MESSAGE_BYTES ? error_of(undef, -32001, "the message is larger than $MAX_MESSAGE_BYTES bytes") : undef;
        if ($refusal) {
            refuse($connection, $refusal);
            return \'ended';
        }
        substr $connection->{buffer}, 0, $end, '';
        $connection->{length} = $length;
    }
    return undef if length $connection->{buffer} < $connection->{length};
    return substr $connection->{buffer}, 0, delete $connection->{length}, '';
}

sub expire_requests {
    my ($connection) = @_;
    for my $key (keys %{ $connection->{running} }) {
        my $running = $connection->{running}{$key};
        next unless defined $running->{deadline} && $running->{deadline} <= time;
        delete $connection->{running}{$key};
        $running->{reply}->(error_of($running->{id}, -32002, 'the deadline has passed'));
    }
}

sub close_connection {
    my ($connection) = @_;
    $select->remove($connection->{socket});
    delete $connections{ fileno $connection->{socket} };
    close $connection->{socket};
}

sub serve_connection {
    my ($connection) = @_;
    my $read = sysread $connection->{socket}, $connection->{buffer}, 65536, length $connection->{buffer};
    return close_connection($connection) if !defined $read;
    if ($read > 0) {
        close_connection($connection) unless read_messages($connection);
        return;
    }
    # The peer has ended its side: a last line without a newline is a line, and what it still waits for is answered.
    $connection->{buffer} .= "\n" if $connection->{lines};
    read_messages($connection);
    $connection->{ended} = 1;
    $select->remove($connection->{socket});
}

sub serve_forever {
    my ($name) = @_;
    $own_name = $name;
    $record_path = sprintf '%s/%s~%s~%s.json', directory('registry'), encode_name($name), $instance, identity();
    $socket_path = new_socket_path();
    $SIG{TERM} = $SIG{INT} = sub { exit 0 };
    $SIG{PIPE} = 'IGNORE';
    write_record($name);    # In front of the socket, so that the socket is never without an owner.
    my $listener = IO::Socket::UNIX->new(Local => $socket_path, Listen => 128) or die "$socket_path: $!\n";
    write_record($name, $socket_path);
    $| = 1;
    print "$socket_path\n";
    $select = IO::Select->new($listener);
    while (1) {
        my @deadlines = map { map { $_->{deadline} // () } values %{ $_->{running} } } values %connections;
        my ($next) = sort { $a <=> $b } @deadlines;
        for my $ready ($select->can_read(defined $next && $next < time + 3600 ? ($next > time ? $next - time : 0) : 3600)) {
            if ($ready == $listener) {
                my $socket = $listener->accept or next;
                $connections{ fileno $socket } = { socket => $socket, buffer => '', running => {}, refused => 0 };
                $select->add($socket);
            }
            else { serve_connection($connections{ fileno $ready }) }
        }
        for my $connection (values %connections) {
            expire_requests($connection);
            close_connection($connection) if $connection->{ended} && !%{ $connection->{running} };
        }
    }
}

END {
    unlink grep { defined } $record_path, $socket_path;
}

my ($command, @rest) = @ARGV;
if (($command // '') eq 'events' && !@rest) { print_events() }
elsif (($command // '') eq 'emit' && (@rest == 1 || @rest == 2)) { emit_event($rest[0], $rest[1] // '{}') }
elsif (($command // '') eq 'serve' && @rest == 1) { serve_forever($rest[0]) }
else { die "cli_ops.pl events | emit TYPE [JSON] | serve NAME\n" }
