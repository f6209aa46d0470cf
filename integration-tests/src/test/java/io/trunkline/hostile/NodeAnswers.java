// SPDX-License-Identifier: Apache-2.0
package io.trunkline.hostile;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a true server would answer on one connection, as far as the router and {@link ClientScript} need it. */
final class NodeAnswers {
    private static final Pattern MARK = Pattern.compile("canary[0-9a-f]{16}");
    /** What tells a node from another, and an old primary from a new one. */
    static final List<String> IDENTITY = List.of("7000000000000000001", "000000010000000000000001");

    private static final List<String> PROBE = List.of("f", IDENTITY.get(0), IDENTITY.get(1), "1", "0/1000000", "f");

    private final FrameBuffer out;
    private char status = 'I';
    private boolean silentAboutMarks;

    NodeAnswers(FrameBuffer out) {
        this.out = out;
    }

    char status() {
        return status;
    }

    /** From now on no row has a client's mark: what comes after a lie may, by the protocol, be the answer to the next client. */
    void keepMarksBack() {
        silentAboutMarks = true;
    }

    /** Appends the answer to one message. */
    void answer(char tag, byte[] body) {
        switch (tag) {
            case 'Q' -> query(new String(body, UTF_8));
            case 'P' -> out.empty('1');
            case 'B' -> out.empty('2');
            case 'D' -> {
                if (body.length > 0 && body[0] == 'S') {
                    out.begin('t').int16(0).end();
                }
                out.empty('n');
            }
            case 'E' -> out.begin('C').text("SELECT 0").end();
            case 'C' -> out.empty('3');
            case 'F' -> out.begin('V').int32(-1).end().readyForQuery(status);
            case 'S' -> out.readyForQuery(status);
            default -> {
                // Flush, and what belongs to a copy
            }
        }
    }

    private void query(String sql) {
        String text = sql.toLowerCase(Locale.ROOT);
        if (text.contains("pg_control_system")) {
            probe();
            return;
        }
        if (text.startsWith("begin")) {
            status = 'T';
        } else if (text.startsWith("rollback\0") || text.contains("commit")) {
            status = 'I';
        }
        Matcher mark = MARK.matcher(sql);
        int end = sql.indexOf("end-");
        if (end >= 0) {
            out.row(sql.substring(end, sql.lastIndexOf('\'')));
        } else if (!silentAboutMarks && mark.find()) {
            out.row(mark.group());
        }
        out.begin('C').text("SELECT 1").end().readyForQuery(status);
    }

    /** Appends what a primary answers to the router's probe. */
    private void probe() {
        out.begin('T').int16(PROBE.size());
        PROBE.forEach(column ->
                out.text("c").int32(0).int16(0).int32(25).int16(-1).int32(-1).int16(0));
        out.end().begin('D').int16(PROBE.size());
        for (String value : PROBE) {
            out.int32(value.length()).raw(value.getBytes(UTF_8));
        }
        out.end().begin('C').text("SELECT 1").end().readyForQuery('I');
    }
}
