// SPDX-License-Identifier: Apache-2.0
package io.trunkline.copy;

import io.trunkline.routing.RouteRefusal;
import org.jspecify.annotations.Nullable;

/**
 * Rows in CSV format: lines of columns between delimiters, where quotes take line ends and delimiters out of their role.
 *
 * <p>A server reads a line first and its columns afterwards, by rules that are not quite the same where quote and escape are different characters. So is it done
 * here.
 *
 * @see <a href="https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/commands/copyfromparse.c">copyfromparse.c: CopyReadLineText,
 *     CopyReadAttributesCSV</a>
 */
final class CsvRows implements RowReader {
    private final byte delimiter;
    private final byte quote;
    private final byte escape;
    private final byte[] nullText;
    private final byte @Nullable [] defaultText;
    private final boolean forcedNull;
    private final boolean forcedNotNull;
    private final int keyIndex;
    private final LineEnds lineEnds = new LineEnds(true);
    /** By byte, whether it may end a line, or begin or end a quote. */
    private final boolean[] special = new boolean[256];

    // of the row that is being looked at
    private int looked;
    private boolean inQuote;
    private boolean afterEscape;
    private int quotedNewlines;
    private int quotedReturns;

    // of the last row
    private int contentEnd;
    private int lastNewlines;
    private int lastReturns;

    /**
     * Sets it up.
     *
     * @param forcedNull whether a quoted {@code nullText} is NULL in the key's column
     * @param forcedNotNull whether an unquoted one is a value there
     */
    CsvRows(
            byte delimiter,
            byte quote,
            byte escape,
            byte[] nullText,
            byte @Nullable [] defaultText,
            boolean forcedNull,
            boolean forcedNotNull,
            int keyIndex) {
        this.delimiter = delimiter;
        this.quote = quote;
        this.escape = escape;
        this.nullText = nullText;
        this.defaultText = defaultText;
        this.forcedNull = forcedNull;
        this.forcedNotNull = forcedNotNull;
        this.keyIndex = keyIndex;
        special['\n'] = true;
        special['\r'] = true;
        special[quote] = true;
        special[escape] = true;
    }

    @Override
    public int end(byte[] bytes, int start, int limit, boolean last) {
        int i = start + looked;
        while (true) {
            int from = i;
            while (i < limit && !special[bytes[i] & 0xff]) {
                i++;
            }
            afterEscape &= i == from;
            if (i == limit) {
                return atLimit(bytes, start, i, last);
            }
            byte b = bytes[i];
            if (b == '\n' || b == '\r') {
                if (!inQuote) {
                    int behind = lineEnds.behind(bytes, i, limit, last);
                    if (behind == MORE) {
                        looked = i - start;
                        return MORE;
                    }
                    return row(bytes, start, i, behind);
                }
                quotedNewlines += b == '\n' ? 1 : 0;
                quotedReturns += b == '\r' ? 1 : 0;
            }
            toggle(b);
            i++;
        }
    }

    private void toggle(byte b) {
        if (quote == escape) {
            inQuote ^= b == quote;
            return;
        }
        if (b == escape) {
            afterEscape = inQuote != afterEscape;
            return;
        }
        if (b == quote && !afterEscape) {
            inQuote = !inQuote;
        }
        afterEscape = false;
    }

    private int atLimit(byte[] bytes, int start, int limit, boolean last) {
        if (!last || limit == start) {
            looked = limit - start;
            return MORE;
        }
        return row(bytes, start, limit, limit);
    }

    private int row(byte[] bytes, int start, int content, int behind) {
        if (content == start + 2 && bytes[start] == '\\' && bytes[start + 1] == '.') {
            // The end of all data before PostgreSQL 18, and data since.
            throw new CopyFailure(RouteRefusal.COPY_DATA.because("a line holds nothing but \\."));
        }
        contentEnd = content;
        lastNewlines = quotedNewlines;
        lastReturns = quotedReturns;
        looked = 0;
        inQuote = false;
        afterEscape = false;
        quotedNewlines = 0;
        quotedReturns = 0;
        return behind;
    }

    @Override
    public int behindMark() {
        throw new IllegalStateException("no mark ends the data");
    }

    @Override
    public void refuseBehindMark() {
        throw new IllegalStateException("no mark ends the data");
    }

    @Override
    public int lines(boolean knewLineEnds) {
        // Until it knows how lines end, a server counts carriage returns.
        return 1 + (knewLineEnds && lineEnds.isNewline() ? lastNewlines : lastReturns);
    }

    @Override
    public boolean knowsLineEnds() {
        return lineEnds.isKnown();
    }

    @Override
    public void key(byte[] bytes, int start, KeyField key) {
        int i = start;
        for (int field = 0; field < keyIndex; field++) {
            i = behindField(bytes, i, null);
            if (i < 0) {
                key.setMissing(field + 1);
                return;
            }
        }
        behindField(bytes, i, key);
    }

    /**
     * Reads a column.
     *
     * @param key takes the value, or null
     * @return where the next one begins, or -1 when it is the last
     */
    private int behindField(byte[] bytes, int from, @Nullable KeyField key) {
        int i = from;
        boolean sawQuote = false;
        while (i < contentEnd && bytes[i] != delimiter && bytes[i] != quote) {
            i++;
        }
        if (i < contentEnd && bytes[i] == quote) {
            sawQuote = true;
            i = readQuoted(bytes, from, i, key);
        } else if (key != null) {
            key.set(bytes, from, i);
        }
        if (key != null) {
            judge(bytes, from, i, sawQuote, key);
        }
        return i < contentEnd ? i + 1 : -1;
    }

    /** Reads a column that has a quote at {@code i}, by the rules of CopyReadAttributesCSV; returns where it ends. */
    private int readQuoted(byte[] bytes, int from, int firstQuote, @Nullable KeyField key) {
        if (key != null) {
            key.beginOwn();
            key.add(bytes, from, firstQuote);
        }
        int i = firstQuote;
        boolean quoted = false;
        while (i < contentEnd) {
            byte b = bytes[i];
            if (!quoted && b == delimiter) {
                break;
            }
            i++;
            boolean escapes = quoted && b == escape && i < contentEnd && (bytes[i] == escape || bytes[i] == quote);
            if (escapes) {
                b = bytes[i++];
            } else if (b == quote) {
                quoted = !quoted;
                continue;
            }
            if (key != null) {
                key.add(b);
            }
        }
        if (key != null) {
            key.setOwn();
        }
        return i;
    }

    private void judge(byte[] bytes, int from, int to, boolean sawQuote, KeyField key) {
        if (!sawQuote && KeyField.matches(bytes, from, to, nullText)) {
            if (!forcedNotNull) {
                key.set(KeyField.Kind.NULL);
            }
        } else if (!sawQuote && defaultText != null && KeyField.matches(bytes, from, to, defaultText)) {
            key.set(KeyField.Kind.DEFAULT);
        } else if (forcedNull && key.isValue(nullText)) {
            key.set(KeyField.Kind.NULL);
        }
    }
}
