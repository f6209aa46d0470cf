// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The elements of an array in text format: {@code {1,NULL,"a \"b\""}}, nested braces flattened as {@code = ANY} sees them.
 *
 * <p>Refused as not certain: explicit bounds ({@code [0:1]={1,2}}), and everything PostgreSQL would refuse.
 *
 * @see <a href="https://www.postgresql.org/docs/17/arrays.html#ARRAYS-IO">Array input and output syntax</a>
 */
final class ArrayText {
    private final CharSequence text;
    private final int elementsMax;
    private final List<@Nullable String> elements = new ArrayList<>();
    private int at;

    private ArrayText(CharSequence text, int elementsMax) {
        this.text = text;
        this.elementsMax = elementsMax;
    }

    /** Returns the elements in order, null for NULL; or null when the text is no array, or one of more than {@code elementsMax}. */
    static @Nullable List<@Nullable String> read(CharSequence text, int elementsMax) {
        ArrayText reader = new ArrayText(text, elementsMax);
        return reader.readAll() ? reader.elements : null;
    }

    private boolean readAll() {
        skipSpace();
        if (!take('{')) {
            return false;
        }
        int depth = 1;
        skipSpace();
        if (take('}')) {
            skipSpace();
            return at == text.length();
        }
        // Where an element or a nested array must stand next; otherwise a comma or a closing brace.
        boolean wantsItem = true;
        while (depth > 0) {
            skipSpace();
            if (at == text.length()) {
                return false;
            }
            if (wantsItem && take('{')) {
                depth++;
            } else if (wantsItem) {
                if (elements.size() == elementsMax || !readElement()) {
                    return false;
                }
                wantsItem = false;
            } else if (take(',')) {
                wantsItem = true;
            } else if (take('}')) {
                depth--;
            } else {
                return false;
            }
        }
        skipSpace();
        return at == text.length();
    }

    private boolean readElement() {
        StringBuilder element = new StringBuilder();
        if (take('"')) {
            while (at < text.length() && text.charAt(at) != '"') {
                if (!readCharacter(element)) {
                    return false;
                }
            }
            elements.add(element.toString());
            return take('"');
        }
        // Behind the last character that counts: blanks at the end do not, escaped ones do.
        int significant = 0;
        boolean escaped = false;
        while (at < text.length() && ",{}\"".indexOf(text.charAt(at)) < 0) {
            boolean escape = text.charAt(at) == '\\';
            boolean blank = isSpace(text.charAt(at));
            if (!readCharacter(element)) {
                return false;
            }
            escaped |= escape;
            significant = blank && !escape ? significant : element.length();
        }
        element.setLength(significant);
        if (element.isEmpty()) {
            return false;
        }
        String value = element.toString();
        elements.add(!escaped && value.equalsIgnoreCase("NULL") ? null : value);
        return true;
    }

    private boolean readCharacter(StringBuilder element) {
        if (text.charAt(at) == '\\') {
            at++;
            if (at == text.length()) {
                return false;
            }
        }
        element.append(text.charAt(at++));
        return true;
    }

    private boolean take(char c) {
        if (at < text.length() && text.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    private void skipSpace() {
        while (at < text.length() && isSpace(text.charAt(at))) {
            at++;
        }
    }

    private static boolean isSpace(char c) {
        return c == ' ' || c >= '\t' && c <= '\r';
    }
}
