// SPDX-License-Identifier: Apache-2.0
package io.trunkline.copy;

import io.trunkline.error.RouterErrors;

/**
 * How the lines of one COPY end: the first line decides, and another line end is an error from then on.
 *
 * <p>Each server would decide by the first line that it gets, so that two could differ where one finds an error: it is found here.
 *
 * @see <a href="https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/commands/copyfromparse.c">copyfromparse.c: CopyReadLineText</a>
 */
final class LineEnds {
    private enum Kind {
        UNKNOWN,
        NEWLINE,
        RETURN,
        RETURN_NEWLINE
    }

    private final boolean quoted;
    private Kind kind = Kind.UNKNOWN;

    /** Knows nothing yet; {@code quoted} says whether the format has quotes. */
    LineEnds(boolean quoted) {
        this.quoted = quoted;
    }

    boolean isKnown() {
        return kind != Kind.UNKNOWN;
    }

    /** Returns true when lines are known to end in a newline alone. */
    boolean isNewline() {
        return kind == Kind.NEWLINE;
    }

    /**
     * Returns the index behind the line end that begins at {@code i}, or {@link RowReader#MORE}.
     *
     * @throws CopyFailure when lines end otherwise
     */
    int behind(byte[] bytes, int i, int limit, boolean last) {
        if (bytes[i] == '\n') {
            if (kind == Kind.RETURN || kind == Kind.RETURN_NEWLINE) {
                throw stray("newline", "\\n");
            }
            kind = Kind.NEWLINE;
            return i + 1;
        }
        if (kind == Kind.NEWLINE) {
            throw stray("carriage return", "\\r");
        }
        if (kind == Kind.RETURN) {
            return i + 1;
        }
        if (i + 1 == limit && !last) {
            return RowReader.MORE;
        }
        if (i + 1 < limit && bytes[i + 1] == '\n') {
            kind = Kind.RETURN_NEWLINE;
            return i + 2;
        }
        if (kind == Kind.RETURN_NEWLINE) {
            throw stray("carriage return", "\\r");
        }
        kind = Kind.RETURN;
        return i + 1;
    }

    private CopyFailure stray(String what, String escape) {
        return new CopyFailure(RouterErrors.badCopyData(
                (quoted ? "unquoted " : "literal ") + what + " found in data",
                quoted
                        ? "Use quoted CSV field to represent " + what + "."
                        : "Use \"" + escape + "\" to represent " + what + "."));
    }

    /** Returns the length of the line end at {@code i} when it is the one that lines have, {@link RowReader#MORE} when that is not known yet, else 0. */
    int lengthAt(byte[] bytes, int i, int limit, boolean last) {
        if (i == limit) {
            return last ? 0 : RowReader.MORE;
        }
        byte b = bytes[i];
        return switch (kind) {
            case UNKNOWN -> b == '\n' || b == '\r' ? 1 : 0;
            case NEWLINE -> b == '\n' ? 1 : 0;
            case RETURN -> b == '\r' ? 1 : 0;
            case RETURN_NEWLINE -> {
                if (b != '\r') {
                    yield 0;
                }
                if (i + 1 == limit) {
                    yield last ? 0 : RowReader.MORE;
                }
                yield bytes[i + 1] == '\n' ? 2 : 0;
            }
        };
    }
}
