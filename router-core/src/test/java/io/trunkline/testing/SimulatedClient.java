// SPDX-License-Identifier: Apache-2.0
package io.trunkline.testing;

import io.trunkline.backend.EventLoopClock;
import io.trunkline.wire.MessageScanner.Direction;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A client that does random things for a while and checks every answer: each is its own, in order, complete, and under its own settings.
 *
 * <p>What it sends up to a ReadyForQuery is a group. A group knows the rows it must bring; an error, where one may come, ends it early.
 */
public final class SimulatedClient {
    /** What the router may say when a peer fails. */
    private static final Set<String> FAULTS = Set.of("40001", "08007", "57014", "57P03", "08006", "53300");

    private static final class Group {
        final Deque<String> rows = new ArrayDeque<>();
        final List<String> parsed = new ArrayList<>();
        boolean mayFail;
        boolean failed;

        @Nullable
        String setting;

        boolean show;
    }

    private final String name;
    private final TestClient client;
    private final EventLoopClock loop;
    private final Random random;
    private final Deque<Group> owed = new ArrayDeque<>();
    private final List<String> statements = new ArrayList<>();
    private final Map<String, String> texts = new HashMap<>();
    private byte[] unread = {};
    private int actionsLeft;
    private int sequence;
    private int failures;
    private char status = 'I';
    private String setting = "none";
    private String committedSetting = "none";
    private boolean settingUnknown;
    private @Nullable Group open;
    private boolean gone;
    private String lastSent = "";

    /** Creates a client that will do so many things. */
    public SimulatedClient(String name, TestClient client, EventLoopClock loop, Random random, int actions) {
        this.name = name;
        this.client = client;
        this.loop = loop;
        this.random = random;
        this.actionsLeft = actions;
        client.takeReceived();
    }

    /** Does the next thing after a while. */
    public void goOn() {
        loop.schedule(random.nextInt(5) * 1_000_000L, this::act);
    }

    /** Breaks the connection. */
    public void vanish() {
        gone = true;
        client.vanish();
    }

    /** Stops taking bytes for a while. */
    public void stall() {
        if (!gone && !client.isClosed()) {
            client.setWritable(false);
            loop.schedule(50_000_000L, () -> {
                if (!gone && !client.isClosed()) {
                    client.setWritable(true);
                }
            });
        }
    }

    /** Returns what keeps this client from being content, or null. */
    public @Nullable String complaint() {
        if (gone || client.isClosed()) {
            return null;
        }
        return owed.isEmpty() && actionsLeft <= 0
                ? null
                : name + " still waits for " + owed.size() + " ReadyForQuery, " + actionsLeft
                        + " things undone, last sent " + lastSent + ", status " + status + ", state "
                        + client.session() + ", read " + client.isBeingRead();
    }

    /** Returns how many errors nobody asked for came. */
    public int failures() {
        return failures;
    }

    /** Takes what came, and does the next thing when all is answered. */
    public void poll() {
        if (gone) {
            return;
        }
        unread = Inbound.concatenate(unread, client.takeReceived());
        int at = 0;
        while (unread.length - at >= 5) {
            int length = 1 + ByteBuffer.wrap(unread).getInt(at + 1);
            if (unread.length - at < length) {
                break;
            }
            String message = MessageText.decode(Direction.FROM_BACKEND, Arrays.copyOfRange(unread, at, at + length))
                    .get(0);
            at += length;
            onMessage(message);
        }
        unread = Arrays.copyOfRange(unread, at, unread.length);
    }

    private void onMessage(String message) {
        MessageText.Words words = new MessageText.Words(message);
        Group group = owed.peek();
        if (group == null) {
            if (words.name.equals("ErrorResponse") && words.rest.contains("FATAL")) {
                gone = true;
                return;
            }
            throw new AssertionError(name + " was sent " + message + " unasked, after " + lastSent);
        }
        switch (words.name) {
            case "DataRow" -> onRow(group, String.join(" ", words.list()));
            case "ErrorResponse" -> {
                String code = words.rest.get(1);
                if (words.rest.get(0).equals("FATAL")) {
                    gone = true;
                    return;
                }
                group.failed = true;
                if (FAULTS.contains(code)) {
                    failures++;
                    settingUnknown |= code.equals("08007");
                } else if (!group.mayFail && status != 'E') {
                    throw new AssertionError(name + " was sent " + message + " for " + lastSent);
                }
            }
            case "ReadyForQuery" -> onReady(words.rest.get(0).charAt(0));
            default -> {
                // completions: their order is that of the rows between them
            }
        }
    }

    private void onRow(Group group, String row) {
        if (group.show) {
            if (!settingUnknown && !row.equals(setting)) {
                throw new AssertionError(name + " has the setting " + row + " (expected: " + setting + ")");
            }
            if (!row.equals("none") && !row.startsWith(name + "-")) {
                throw new AssertionError(name + " has another client's setting " + row);
            }
            if (settingUnknown && status == 'I') {
                // After a COMMIT in doubt either is right; from now on it is known which.
                setting = row;
                committedSetting = row;
                settingUnknown = false;
            }
            return;
        }
        String expected = group.rows.poll();
        if (!row.equals(expected)) {
            throw new AssertionError(name + " got row " + row + " (expected: " + expected + ") after " + lastSent);
        }
    }

    private void onReady(char newStatus) {
        Group group = owed.remove();
        if (!group.failed) {
            if (!group.rows.isEmpty()) {
                throw new AssertionError(name + " never got the rows " + group.rows + " of " + lastSent);
            }
            statements.addAll(group.parsed);
            if (group.setting != null) {
                setting = group.setting;
            }
        }
        if (newStatus == 'I') {
            boolean rolledBack = status != 'I' && (group.failed || status == 'E' || lastSent.contains("rollback"));
            if (rolledBack) {
                setting = committedSetting;
            }
            committedSetting = setting;
        }
        status = newStatus;
        if (owed.isEmpty()) {
            goOn();
        }
    }

    private void act() {
        if (gone || client.isClosed() || !owed.isEmpty() && open == null) {
            return;
        }
        Group begun = open;
        if (begun != null) {
            open = null;
            send("Sync");
            return;
        }
        if (actionsLeft-- <= 0) {
            if (status != 'I') {
                request("Query rollback", new Group());
            }
            return;
        }
        if (status == 'E') {
            request("Query \"rollback\"", new Group());
            return;
        }
        switch (random.nextInt(14)) {
            case 0, 1 -> pipeline();
            case 2, 3 -> prepare();
            case 4, 5, 6 -> execute();
            case 7 ->
                request(
                        status == 'I' ? "Query begin" : random.nextBoolean() ? "Query commit" : "Query rollback",
                        new Group());
            case 8 -> set();
            case 9 -> {
                Group group = new Group();
                group.show = true;
                request("Query \"show lock_timeout\"", group);
            }
            case 10 -> {
                Group group = new Group();
                group.mayFail = true;
                request("Query \"select 1/0\"", group);
            }
            case 11 -> copy();
            case 12 -> flush();
            default -> request(random.nextBoolean() ? "Sync" : "Query \";\"", new Group());
        }
    }

    private String next() {
        return name + ":" + sequence++;
    }

    private void pipeline() {
        StringBuilder text = new StringBuilder();
        int count = 1 + random.nextInt(4);
        for (int i = 0; i < count; i++) {
            Group group = new Group();
            String value = next();
            group.rows.add(value);
            owed.add(group);
            text.append("Query \"select '").append(value).append("'\"; ");
        }
        send(text.toString());
    }

    private void prepare() {
        Group group = new Group();
        String statement = "p" + sequence++;
        String text = "text" + random.nextInt(6);
        texts.put(statement, text);
        group.parsed.add(statement);
        String parse = "Parse " + statement + " \"select $1, '" + text + "'\"";
        if (random.nextBoolean()) {
            request(parse + "; Sync", group);
            return;
        }
        String value = next();
        group.rows.add(value + " " + text);
        request(
                parse + "; Describe S " + statement + "; Bind \"\" " + statement + " [" + value
                        + "]; Execute \"\"; Sync",
                group);
    }

    private void execute() {
        if (statements.isEmpty()) {
            prepare();
            return;
        }
        StringBuilder text = new StringBuilder();
        int groups = 1 + random.nextInt(3);
        for (int g = 0; g < groups; g++) {
            Group group = new Group();
            int count = 1 + random.nextInt(3);
            for (int i = 0; i < count; i++) {
                String statement = statements.get(random.nextInt(statements.size()));
                String value = next();
                group.rows.add(value + " " + texts.get(statement));
                text.append("Bind \"\" ")
                        .append(statement)
                        .append(" [")
                        .append(value)
                        .append("]; Describe P \"\"; Execute \"\"; ");
            }
            owed.add(group);
            text.append("Sync; ");
        }
        if (statements.size() > 8) {
            Group group = new Group();
            owed.add(group);
            text.append("Close S ").append(statements.remove(0)).append("; Sync");
        }
        send(text.toString());
    }

    private void set() {
        Group group = new Group();
        group.setting = name + "-" + sequence++;
        request("Query \"set lock_timeout to '" + group.setting + "'\"", group);
    }

    private void copy() {
        boolean extended = random.nextBoolean();
        Group group = new Group();
        request(
                extended
                        ? "Parse \"\" \"copy t from stdin\"; Bind \"\" \"\" []; Execute \"\"; CopyData a; CopyData b; CopyDone; Sync"
                        : "Query \"copy t from stdin\"; CopyData a; CopyData b; CopyDone",
                group);
    }

    private void flush() {
        Group group = new Group();
        String value = next();
        String text = "text" + random.nextInt(6);
        String statement = "p" + sequence++;
        group.rows.add(value + " " + text);
        texts.put(statement, text);
        group.parsed.add(statement);
        open = group;
        request(
                "Parse " + statement + " \"select $1, '" + text + "'\"; Bind \"\" " + statement + " [" + value
                        + "]; Execute \"\"; Flush",
                group);
        loop.schedule(20_000_000L, this::act);
    }

    private void request(String text, Group group) {
        owed.add(group);
        send(text);
    }

    private void send(String text) {
        lastSent = text;
        Fragmenter pieces = random.nextInt(3) > 0 ? Fragmenter.whole() : Fragmenter.random(random.nextLong());
        client.send(MessageText.encode(Direction.FROM_FRONTEND, text), pieces, random.nextBoolean());
    }
}
