// SPDX-License-Identifier: Apache-2.0
package io.trunkline.hostile;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * What a lying node says in place of, or in front of, the truth.
 *
 * <p>{@linkplain #burst Bursts} are frames of which a router reads no more than it must, or that may come at any time: it can read all of them and
 * stay in step. Each of the {@linkplain #rupture other lies} ends the connection, or what is read on it from then on.
 */
final class NodeLies {
    private static final String TAGS = "RSKZTDCENAtn123sIGHWVdcv";
    private static final int BURST_MAX = 100;
    private static final int RARELY = 400;
    private static final int NOTICE_BYTES = 1 << 20;
    private static final int HUGE_LENGTH = 0x3fff_fff0;
    /** More than a router keeps. */
    private static final int PARAMETERS = 300;

    private static final String[] PARAMETER_NAMES = {
        "application_name", "client_encoding", "in_hot_standby", "standard_conforming_strings", "TimeZone", "", "x\ny"
    };

    private final RandomGenerator random;
    private final FrameBuffer out;
    private final NodeAnswers answers;

    NodeLies(RandomGenerator random, FrameBuffer out, NodeAnswers answers) {
        this.random = random;
        this.out = out;
        this.answers = answers;
    }

    /** Appends frames in front of the answer to a message; returns how many. */
    int burst(char tag) {
        if (random.nextInt(RARELY) == 0) {
            out.begin('N').raw(new byte[NOTICE_BYTES]).end();
            return 1;
        }
        int count = 1 + random.nextInt(BURST_MAX);
        // Rows, and errors between them, are only legal while a statement runs.
        int kinds = tag == 'Q' ? 7 : 3;
        int kind = random.nextInt(kinds + 1);
        for (int i = 0; i < count; i++) {
            frame(kind == kinds ? random.nextInt(kinds) : kind);
        }
        return count;
    }

    private void frame(int kind) {
        switch (kind) {
            case 0 -> Mutation.randomBody(random, out, "N");
            case 1 -> Mutation.randomBody(random, out, "A");
            case 2 -> parameter(PARAMETER_NAMES[random.nextInt(PARAMETER_NAMES.length)]);
            case 3 -> Mutation.randomBody(random, out, "D");
            case 4 -> Mutation.randomBody(random, out, "TdH");
            case 5 -> {
                int start = out.size();
                out.begin('D').int16(1).int32(4).int32(random.nextInt()).end();
                Mutation.body(random, out, start);
            }
            default -> error("ERROR");
        }
    }

    private void parameter(String name) {
        out.begin('S')
                .text(name)
                .text(random.nextInt(4) == 0 ? "SJIS" : "v" + random.nextInt(3))
                .end();
    }

    private void error(String severity) {
        out.begin('E').text("S" + severity).text("V" + severity).text("C" + random.nextInt(10_000, 100_000));
        for (int i = random.nextInt(4); i > 0; i--) {
            out.text((char) random.nextInt('a', 'z') + "text\n" + random.nextInt());
        }
        out.int8(0).end();
    }

    /** A probe's answer with the name of another timeline is a true alarm: the router says that a person must look, and uses the node no more. */
    private void restoreIdentity(int start, byte[] truth) {
        String before = new String(truth, ISO_8859_1);
        String after = new String(out.bytes(), start, out.size() - start, ISO_8859_1);
        if (NodeAnswers.IDENTITY.stream().anyMatch(part -> before.contains(part) && !after.contains(part))) {
            System.arraycopy(truth, 0, out.bytes(), start, truth.length);
        }
    }

    /** Appends a lie; false when the node ends the connection with it. */
    boolean rupture(char tag, byte[] body) {
        int start = out.size();
        switch (random.nextInt(16)) {
            case 0, 1, 2 -> {
                answers.answer(tag, body);
                byte[] truth = Arrays.copyOfRange(out.bytes(), start, out.size());
                Mutation.body(random, out, start);
                restoreIdentity(start, truth);
            }
            case 3 -> {
                answers.answer(tag, body);
                byte[] truth = Arrays.copyOfRange(out.bytes(), start, out.size());
                Mutation.anything(random, out, start);
                restoreIdentity(start, truth);
            }
            case 4, 5 -> {
                for (int i = random.nextInt(4); i >= 0; i--) {
                    Mutation.randomBody(random, out, TAGS);
                }
            }
            case 6 -> Mutation.noise(random, out);
            case 7 -> {
                answers.answer(tag, body);
                answers.answer(tag, body);
            }
            case 8 -> {
                out.readyForQuery("ITE".charAt(random.nextInt(3)));
                answers.answer(tag, body);
            }
            case 9 -> {
                answers.answer(tag, body);
                out.readyForQuery(answers.status());
            }
            case 10 -> {
                out.begin('G').int8(0).int16(1).int16(0).end();
                answers.answer(tag, body);
            }
            case 11 -> {
                out.begin("DEdVNS".charAt(random.nextInt(6)))
                        .int32(random.nextInt())
                        .end();
                out.overwriteLength(start, HUGE_LENGTH);
                answers.answer(tag, body);
            }
            case 12 -> {
                for (int i = 0; i < PARAMETERS; i++) {
                    parameter("p" + i);
                }
                answers.answer(tag, body);
            }
            case 13 -> {
                error(random.nextBoolean() ? "FATAL" : "PANIC");
                answers.answer(tag, body);
            }
            case 14 -> {
                answers.answer(tag, body);
                out.truncate(start + random.nextInt(out.size() - start + 1));
                return false;
            }
            default -> {
                // silence, and the end at times
                return random.nextBoolean();
            }
        }
        return true;
    }
}
