// SPDX-License-Identifier: Apache-2.0
package io.trunkline.testing;

import io.trunkline.backend.EventLoopClock;
import io.trunkline.wire.MessageScanner.Direction;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What of a PostgreSQL backend matters to a router: transaction status, prepared statements, portals, settings, COPY, and skipping up to Sync
 * after an error. It answers in order, late, and in random pieces.
 *
 * <p>It understands {@code select 'text'}, {@code select $1, 'text'}, {@code select 1/0}, BEGIN, COMMIT, ROLLBACK, SET, RESET, SHOW, DISCARD ALL,
 * {@code set_config} and {@code copy t from stdin}; anything else completes without rows.
 */
public final class PostgresModel {
    private static final Pattern SET = Pattern.compile("(?i)set (\\w+)(?: to |\\s*=\\s*)'?([^']*)'?");
    private static final Pattern SHOW = Pattern.compile("(?i)show (\\w+)");
    private static final Pattern RESET = Pattern.compile("(?i)reset (\\w+)");
    private static final Pattern LITERAL = Pattern.compile("'([^']*)'");

    private final ScriptedBackend backend;
    private final EventLoopClock loop;
    private final Random random;
    private final Map<String, String> statements = new HashMap<>();
    private final Map<String, List<String>> portals = new HashMap<>();
    private final Map<String, String> settings = new HashMap<>();
    private Map<String, String> committed = Map.of();
    private byte[] unread = {};
    private StringBuilder out = new StringBuilder();
    private char status = 'I';
    private boolean skipping;
    private boolean copying;
    private boolean copyIsSimple;
    private long sendAtNanos;

    /** Takes the node's end of a backend over. */
    public PostgresModel(ScriptedBackend backend, EventLoopClock loop, Random random) {
        this.backend = backend;
        this.loop = loop;
        this.random = random;
        this.sendAtNanos = loop.nanoTime();
        backend.serve(this::receive, () -> {});
    }

    private void receive(byte[] bytes) {
        unread = Inbound.concatenate(unread, bytes);
        int at = 0;
        while (unread.length - at >= 5) {
            int length = 1 + ByteBuffer.wrap(unread).getInt(at + 1);
            if (unread.length - at < length) {
                break;
            }
            String message = MessageText.decode(Direction.FROM_FRONTEND, Arrays.copyOfRange(unread, at, at + length))
                    .get(0);
            at += length;
            answer(message, new MessageText.Words(message));
        }
        unread = Arrays.copyOfRange(unread, at, unread.length);
        if (out.length() > 0) {
            reply(MessageText.encode(Direction.FROM_BACKEND, out.toString()));
            out = new StringBuilder();
        }
    }

    /** Sends after a while, never before what was sent earlier; sometimes in two parts with time between them. */
    private void reply(byte[] bytes) {
        ByteArrayOutputStream first = new ByteArrayOutputStream();
        int cut = random.nextInt(4) == 0 ? random.nextInt(bytes.length) : bytes.length;
        first.write(bytes, 0, cut);
        sendLater(first.toByteArray());
        if (cut < bytes.length) {
            sendLater(Arrays.copyOfRange(bytes, cut, bytes.length));
        }
    }

    private void sendLater(byte[] bytes) {
        long now = loop.nanoTime();
        long wanted = now + random.nextInt(3) * 1_000_000L;
        sendAtNanos = wanted - sendAtNanos > 0 ? wanted : sendAtNanos;
        Fragmenter pieces = random.nextBoolean() ? Fragmenter.whole() : Fragmenter.random(random.nextLong());
        boolean inOneRead = random.nextBoolean();
        loop.schedule(sendAtNanos - now, () -> backend.send(bytes, pieces, inOneRead));
    }

    private void answer(String message, MessageText.Words words) {
        if (copying) {
            switch (words.name) {
                case "CopyDone" -> {
                    copying = false;
                    say("CommandComplete \"COPY 1\"");
                    if (copyIsSimple) {
                        ready();
                    }
                }
                case "CopyFail" -> {
                    copying = false;
                    fail("57014");
                    if (copyIsSimple) {
                        skipping = false;
                        ready();
                    }
                }
                case "CopyData", "Sync", "Flush" -> {
                    // data, and what PostgreSQL ignores meanwhile
                }
                default -> throw new AssertionError("within a copy came " + message);
            }
            return;
        }
        if (skipping && !words.name.equals("Sync")) {
            return;
        }
        switch (words.name) {
            case "Query" -> {
                statements.remove("");
                String sql = words.next();
                if (sql.isEmpty()) {
                    say("EmptyQueryResponse");
                    ready();
                } else {
                    simple(sql);
                }
            }
            case "Parse" -> {
                String name = words.next();
                String sql = words.next();
                if (!name.isEmpty() && statements.containsKey(name)) {
                    fail("42P05");
                } else if (sql.startsWith("trunkline refused") || status == 'E' && !isEnd(sql)) {
                    fail(status == 'E' ? "25P02" : "42601");
                } else {
                    statements.put(name, sql);
                    say("ParseComplete");
                }
            }
            case "Bind" -> {
                String portal = words.next();
                String sql = statements.get(words.next());
                if (sql == null) {
                    fail("26000");
                } else if (status == 'E' && !isEnd(sql)) {
                    fail("25P02");
                } else {
                    List<String> values = words.list();
                    portals.put(portal, List.of(sql, values.isEmpty() ? "" : values.get(0)));
                    say("BindComplete");
                }
            }
            case "Describe" -> {
                boolean statement = words.next().equals("S");
                String name = words.next();
                if (statement ? !statements.containsKey(name) : !portals.containsKey(name)) {
                    fail(statement ? "26000" : "34000");
                } else if (status == 'E') {
                    fail("25P02");
                } else {
                    say((statement ? "ParameterDescription [25]; " : "") + "RowDescription [c d]");
                }
            }
            case "Execute" -> {
                List<String> portal = portals.get(words.next());
                if (portal == null) {
                    fail("34000");
                } else {
                    run(portal.get(0), portal.get(1), false);
                }
            }
            case "Close" -> {
                if (words.next().equals("S")) {
                    statements.remove(words.next());
                }
                say("CloseComplete");
            }
            case "Sync" -> {
                skipping = false;
                ready();
            }
            case "Terminate" -> backend.die();
            default -> {
                // Flush, and data of a copy that failed
            }
        }
    }

    private void simple(String text) {
        for (String sql : text.split(";\\s*")) {
            if (!run(sql, "", true)) {
                break;
            }
            if (copying) {
                return;
            }
        }
        skipping = false;
        ready();
    }

    private boolean run(String sql, String parameter, boolean simple) {
        String lower = sql.toLowerCase(Locale.ROOT).strip();
        if (status == 'E' && !isEnd(lower)) {
            fail("25P02");
            return false;
        }
        Matcher set = SET.matcher(sql);
        Matcher show = SHOW.matcher(sql);
        Matcher reset = RESET.matcher(sql);
        if (lower.equals("begin")) {
            status = 'T';
            committed = Map.copyOf(settings);
            say("CommandComplete \"BEGIN\"");
        } else if (lower.equals("commit") || lower.equals("rollback")) {
            boolean commits = lower.equals("commit") && status != 'E';
            if (!commits && status != 'I') {
                settings.clear();
                settings.putAll(committed);
            }
            status = 'I';
            say("CommandComplete \"" + (commits ? "COMMIT" : "ROLLBACK") + "\"");
        } else if (lower.equals("select 1/0") || lower.startsWith("trunkline refused")) {
            fail("22012");
            return false;
        } else if (lower.equals("discard all")) {
            settings.clear();
            statements.clear();
            say("CommandComplete \"DISCARD ALL\"");
        } else if (lower.startsWith("copy")) {
            copying = true;
            copyIsSimple = simple;
            say("CopyInResponse");
        } else if (show.matches()) {
            say("DataRow [" + settings.getOrDefault(show.group(1), "none") + "]; CommandComplete \"SHOW\"");
        } else if (set.matches()) {
            settings.put(set.group(1), set.group(2));
            say("CommandComplete \"SET\"");
        } else if (reset.matches()) {
            settings.remove(reset.group(1));
            say("CommandComplete \"RESET\"");
        } else {
            Matcher literal = LITERAL.matcher(sql);
            String text = literal.find() ? literal.group(1) : "";
            String row = sql.contains("$1") ? parameter + " " + text : text;
            say("DataRow [" + row + "]; CommandComplete \"SELECT 1\"");
        }
        return true;
    }

    private static boolean isEnd(String sql) {
        return sql.equalsIgnoreCase("commit") || sql.equalsIgnoreCase("rollback");
    }

    private void fail(String sqlState) {
        say("ErrorResponse ERROR " + sqlState);
        if (status == 'T') {
            status = 'E';
        }
        skipping = true;
    }

    private void ready() {
        if (status == 'I') {
            portals.clear();
        }
        say("ReadyForQuery " + status);
    }

    private void say(String messages) {
        out.append(messages).append("; ");
    }
}
