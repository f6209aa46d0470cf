// SPDX-License-Identifier: Apache-2.0
package io.trunkline.testing;

import io.trunkline.backend.EventLoopClock;
import io.trunkline.wire.MessageScanner.Direction;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What of one PostgreSQL matters to listeners: transactions and savepoints, LISTEN, UNLISTEN, NOTIFY and DISCARD ALL, by simple query. A
 * notification reaches its backends when its transaction commits; each sends it while it is idle, after a while, or before its next ReadyForQuery
 * outside a transaction.
 */
public final class NotifyingServer {
    private static final Pattern NOTIFY = Pattern.compile("notify (\\w+), '([^']*)'");

    private final EventLoopClock loop;
    private final Random random;
    private final List<Backend> backends = new ArrayList<>();

    /** Creates a server without backends. */
    public NotifyingServer(EventLoopClock loop, Random random) {
        this.loop = loop;
        this.random = random;
    }

    /** Takes the node's end of a backend over. */
    public void serve(ScriptedBackend backend) {
        backends.add(new Backend(backend));
    }

    /** Returns how many backends listen to something. */
    public long listeningCount() {
        return backends.stream()
                .filter(backend -> backend.link.isOpen() && !backend.listening.isEmpty())
                .count();
    }

    private final class Backend {
        final ScriptedBackend link;
        Set<String> listening = new LinkedHashSet<>();
        private final Deque<String> inbox = new ArrayDeque<>();
        /** Commands that take effect at the commit, and savepoints between them. */
        private final List<String> pending = new ArrayList<>();

        private byte[] unread = {};
        private char status = 'I';
        private long sendAtNanos = loop.nanoTime();

        Backend(ScriptedBackend link) {
            this.link = link;
            link.serve(this::receive, () -> backends.remove(this));
        }

        private void receive(byte[] bytes) {
            unread = Inbound.concatenate(unread, bytes);
            int at = 0;
            while (unread.length - at >= 5) {
                int length = 1 + ByteBuffer.wrap(unread).getInt(at + 1);
                if (unread.length - at < length) {
                    break;
                }
                MessageText.Words words = new MessageText.Words(
                        MessageText.decode(Direction.FROM_FRONTEND, Arrays.copyOfRange(unread, at, at + length))
                                .get(0));
                at += length;
                switch (words.name) {
                    case "Query" -> query(words.next());
                    case "Terminate" -> link.die();
                    default -> throw new AssertionError("came " + words.name);
                }
            }
            unread = Arrays.copyOfRange(unread, at, unread.length);
        }

        private void query(String text) {
            StringBuilder out = new StringBuilder();
            boolean failed = false;
            for (String sql : text.split(";\\s*")) {
                failed = !run(sql.strip(), out);
                if (failed) {
                    break;
                }
            }
            if (status == 'I') {
                if (failed) {
                    pending.clear();
                } else {
                    commit();
                }
                flushInbox(out);
            }
            out.append("ReadyForQuery ").append(status);
            send(out.toString());
        }

        private boolean run(String sql, StringBuilder out) {
            String lower = sql.toLowerCase(Locale.ROOT).replace("\"", "");
            String[] words = lower.split("[ ,]+");
            if (sql.isEmpty()) {
                out.append("EmptyQueryResponse; ");
                return true;
            }
            boolean ends = words[0].equals("commit") || words[0].equals("rollback");
            if (status == 'E' && !ends) {
                out.append("ErrorResponse ERROR 25P02; ");
                return false;
            }
            switch (words[0]) {
                case "begin" -> status = 'T';
                case "commit" -> {
                    if (status == 'E') {
                        pending.clear();
                        words[0] = "rollback";
                    }
                    status = 'I';
                    commit();
                }
                case "rollback" -> {
                    if (words.length > 1) {
                        int mark = pending.lastIndexOf("savepoint " + words[2]);
                        pending.subList(mark + 1, pending.size()).clear();
                        status = 'T';
                    } else {
                        pending.clear();
                        status = 'I';
                    }
                }
                case "select" -> {
                    if (lower.equals("select 1/0")) {
                        out.append("ErrorResponse ERROR 22012; ");
                        status = status == 'T' ? 'E' : status;
                        return false;
                    }
                }
                case "discard" -> listening.clear();
                case "listen", "unlisten", "notify", "savepoint" ->
                    pending.add(words[0].equals("notify") ? sql : String.join(" ", words));
                default -> {
                    // SET
                }
            }
            out.append("CommandComplete \"")
                    .append(words[0].toUpperCase(Locale.ROOT))
                    .append("\"; ");
            return true;
        }

        private void commit() {
            List<String> commands = List.copyOf(pending);
            pending.clear();
            for (String command : commands) {
                if (command.startsWith("listen ")) {
                    listening.add(command.substring(7));
                } else if (command.equals("unlisten *")) {
                    listening.clear();
                } else if (command.startsWith("unlisten ")) {
                    listening.remove(command.substring(9));
                }
            }
            for (String command : commands) {
                Matcher notify = NOTIFY.matcher(command);
                if (notify.matches()) {
                    backends.forEach(backend -> backend.signal(notify.group(1), notify.group(2)));
                }
            }
        }

        private void signal(String channel, String payload) {
            if (listening.contains(channel)) {
                inbox.add("NotificationResponse " + channel + " \"" + payload + "\"; ");
                loop.schedule(random.nextInt(4) * 1_000_000L, () -> {
                    if (status == 'I' && !inbox.isEmpty()) {
                        StringBuilder out = new StringBuilder();
                        flushInbox(out);
                        send(out.toString());
                    }
                });
            }
        }

        private void flushInbox(StringBuilder out) {
            while (!inbox.isEmpty()) {
                out.append(inbox.remove());
            }
        }

        /** Sends after a while, never before what was sent earlier. */
        private void send(String messages) {
            byte[] bytes = MessageText.encode(Direction.FROM_BACKEND, messages);
            long now = loop.nanoTime();
            long wanted = now + random.nextInt(3) * 1_000_000L;
            sendAtNanos = wanted - sendAtNanos > 0 ? wanted : sendAtNanos;
            Fragmenter pieces = random.nextBoolean() ? Fragmenter.whole() : Fragmenter.random(random.nextLong());
            boolean inOneRead = random.nextBoolean();
            loop.schedule(sendAtNanos - now, () -> link.send(bytes, pieces, inOneRead));
        }
    }
}
