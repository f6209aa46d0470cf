// SPDX-License-Identifier: Apache-2.0
package io.trunkline.cases;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * One line of the catalogue {@code cases.tsv}: something a client, a server or the network may do, for which it is known what a router has to do.
 *
 * <p>Shape of a line: number, priority, state, title, note, separated by tabs. The state may be empty.
 *
 * @param number the letter of a group and two digits; never given to another case
 * @param note why a known limit is one, or what an open case, one that is refused or one that is covered in part lacks; empty otherwise
 */
record ProtocolCase(String number, Priority priority, State state, String title, String note) {
    private static final Pattern NUMBER = Pattern.compile("[A-Z]\\d\\d");
    private static final int FIELDS = 5;

    /** How much depends on it. */
    enum Priority {
        /** Wrong data, data of others, a hole, a desynchronised stream, or a hang. */
        P0,
        /** Compatibility or availability in ordinary use. */
        P1,
        /** Rare or cosmetic; may stay without a test. */
        P2
    }

    /** What the catalogue itself says; whether a case has tests is known from the tests. */
    enum State {
        /** Has to have a test, unless it is of the lowest priority. */
        REQUIRED(""),
        /** Has no test yet that shows all of it, or the router does not behave so yet. */
        OPEN("open"),
        /** The router refuses what would need it; a test asserts with which code, and the note says what is not built. */
        REFUSED("refused"),
        /** Tests assert what the router does of it; the note says what is missing. */
        IN_PART("in part"),
        /** The router does not do this, by a decision that its documentation tells. */
        KNOWN_LIMIT("known limit");

        private final String text;

        State(String text) {
            this.text = text;
        }

        private static State of(String text) {
            for (State state : values()) {
                if (state.text.equals(text)) {
                    return state;
                }
            }
            throw new IllegalArgumentException("no state of a case: " + text);
        }

        @Override
        public String toString() {
            return text;
        }
    }

    ProtocolCase {
        if (!NUMBER.matcher(number).matches()) {
            throw new IllegalArgumentException("number " + number + " (expected: a letter and two digits)");
        }
        if (title.isEmpty()) {
            throw new IllegalArgumentException("case " + number + " has no title");
        }
        if ((state == State.REQUIRED) != note.isEmpty()) {
            throw new IllegalArgumentException(
                    String.format(Locale.ROOT, "case %s, state '%s', note '%s'", number, state, note));
        }
    }

    /** Returns true when it has to have tests, whatever its priority. */
    boolean needsTests() {
        return switch (state) {
            case REFUSED, IN_PART -> true;
            case REQUIRED -> priority != Priority.P2;
            case OPEN, KNOWN_LIMIT -> false;
        };
    }

    /** Returns true when it may have tests. */
    boolean mayHaveTests() {
        return switch (state) {
            case REQUIRED, REFUSED, IN_PART -> true;
            case OPEN, KNOWN_LIMIT -> false;
        };
    }

    /** Returns the letter of its group. */
    char group() {
        return number.charAt(0);
    }

    /** Reads the catalogue, in its order. */
    static List<ProtocolCase> readAll() {
        try (InputStream in = ProtocolCase.class.getResourceAsStream("/cases.tsv")) {
            if (in == null) {
                throw new IllegalStateException("no resource cases.tsv");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("#") && !line.isBlank())
                    .map(ProtocolCase::parse)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static ProtocolCase parse(String line) {
        String[] fields = line.split("\t", -1);
        if (fields.length != FIELDS) {
            throw new IllegalArgumentException(fields.length + " fields (expected: " + FIELDS + "): " + line);
        }
        return new ProtocolCase(fields[0], Priority.valueOf(fields[1]), State.of(fields[2]), fields[3], fields[4]);
    }
}
