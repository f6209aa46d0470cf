// SPDX-License-Identifier: Apache-2.0
package io.trunkline.error;

/** Text from outside as it may stand in a log line: quoted, shortened, and without anything that could forge a line or move the cursor. */
public final class LogText {
    private static final int CHARACTERS_MAX = 128;

    private LogText() {}

    /** Returns the text in quotes, with what does not print escaped. */
    public static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        int length = Math.min(text.length(), CHARACTERS_MAX);
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            if (Character.isISOControl(c)
                    || Character.isSurrogate(c)
                    || c == '"'
                    || Character.getType(c) == Character.FORMAT) {
                quoted.append(String.format("\\u%04x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append(length < text.length() ? "…\"" : "\"").toString();
    }
}
