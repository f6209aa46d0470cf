// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The hints of one statement, collected from its comments.
 *
 * <p>A hint counts before the first token, behind the first token and behind the last one. Anywhere else it is a problem, and so is an unknown key or
 * role: a hint that would be ignored is worse than none. Grammar: {@code trunkline:} and then {@code key=value} separated by white space or commas, the value
 * bare or in single quotes, a quote in it doubled.
 */
final class HintReader {
    /** More hints in one statement are a problem. */
    private static final int HINTS_MAX = 8;

    private static final int HINT_BYTES_MAX = 1_024;

    private final List<String> comments = new ArrayList<>();
    private final List<Integer> places = new ArrayList<>();
    private boolean tooMuch;

    void reset() {
        comments.clear();
        places.clear();
        tooMuch = false;
    }

    /** Takes a hint comment, its delimiters included, behind {@code tokensBefore} tokens. */
    void add(ByteBuf text, int start, int end, int tokensBefore) {
        if (comments.size() == HINTS_MAX || end - start > HINT_BYTES_MAX) {
            tooMuch = true;
            return;
        }
        comments.add(text.toString(start, end - start, StandardCharsets.UTF_8));
        places.add(tokensBefore);
    }

    /** Returns what the hints of a statement of so many tokens say together. */
    Hint hint(int tokenCount) {
        if (tooMuch) {
            return Hint.invalid(
                    "more than " + HINTS_MAX + " hints, or a hint of more than " + HINT_BYTES_MAX + " bytes");
        }
        if (comments.isEmpty()) {
            return Hint.NONE;
        }
        Answer answer = new Answer();
        for (int i = 0; i < comments.size() && answer.problem == null; i++) {
            int place = places.get(i);
            if (place > 1 && place != tokenCount) {
                return Hint.invalid("a hint must stand at the beginning or the end of a statement");
            }
            read(content(comments.get(i)), answer);
        }
        return answer.problem == null
                ? new Hint(answer.role, answer.shard, answer.shardKey, null)
                : Hint.invalid(answer.problem);
    }

    private static String content(String comment) {
        int end = comment.startsWith("/*") ? comment.length() - 2 : comment.length();
        String inner = comment.substring(2, end);
        return inner.substring(inner.indexOf(':') + 1);
    }

    private static void read(String text, Answer answer) {
        int i = 0;
        while (answer.problem == null) {
            while (i < text.length() && (SqlLexer.isSpace(text.charAt(i)) || text.charAt(i) == ',')) {
                i++;
            }
            if (i == text.length()) {
                return;
            }
            int equals = i;
            while (equals < text.length() && isKeyCharacter(text.charAt(equals))) {
                equals++;
            }
            if (equals == i || equals == text.length() || text.charAt(equals) != '=') {
                answer.problem = "expected key=value in hint near \"" + excerpt(text, i) + "\"";
                return;
            }
            StringBuilder value = new StringBuilder();
            int end = value(text, equals + 1, value);
            if (end < 0) {
                answer.problem = "expected a value in hint near \"" + excerpt(text, i) + "\"";
                return;
            }
            answer.set(text.substring(i, equals).toLowerCase(Locale.ROOT), value.toString());
            i = end;
        }
    }

    private static String excerpt(String text, int from) {
        return text.substring(from, Math.min(text.length(), from + 32)).strip();
    }

    private static boolean isKeyCharacter(char c) {
        return SqlLexer.isIdentifierStart(c) || SqlLexer.isDigit(c);
    }

    /** Appends the value that begins at {@code from} and returns the index behind it, or -1 when there is none. */
    private static int value(String text, int from, StringBuilder value) {
        int i = from;
        if (i < text.length() && text.charAt(i) == '\'') {
            i++;
            while (i < text.length()) {
                if (text.charAt(i) != '\'') {
                    value.append(text.charAt(i++));
                } else if (i + 1 < text.length() && text.charAt(i + 1) == '\'') {
                    value.append('\'');
                    i += 2;
                } else {
                    return i + 1;
                }
            }
            return -1;
        }
        while (i < text.length()
                && !SqlLexer.isSpace(text.charAt(i))
                && text.charAt(i) != ','
                && text.charAt(i) != '\'') {
            value.append(text.charAt(i++));
        }
        return i > from ? i : -1;
    }

    private static final class Answer {
        Hint.@Nullable Role role;

        @Nullable
        String shard;

        @Nullable
        String shardKey;

        @Nullable
        String problem;

        void set(String key, String value) {
            switch (key) {
                case "role" -> {
                    problem = role == null ? null : twice(key);
                    role = Hint.Role.ofName(value.toLowerCase(Locale.ROOT));
                    if (role == null) {
                        problem = "hint has role=" + value + " (expected: primary, prefer-replica, replica)";
                    }
                }
                case "shard" -> {
                    problem = shard == null ? null : twice(key);
                    shard = value;
                }
                case "shard_key" -> {
                    problem = shardKey == null ? null : twice(key);
                    shardKey = value;
                }
                default -> problem = "hint has unknown key " + key + " (expected: role, shard, shard_key)";
            }
        }

        private static String twice(String key) {
            return "hint gives " + key + " twice";
        }
    }
}
