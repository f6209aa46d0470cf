// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Commands that set {@code datestyle}. A value may name the style of dates, the order of their fields, or both; what it does not name stays as it is.
 *
 * @see <a href="https://www.postgresql.org/docs/18/datatype-datetime.html#DATATYPE-DATETIME-OUTPUT">Date/Time Output</a>
 */
final class DateStyle {
    static final String NAME = "datestyle";

    private static final int STYLE = 1;
    private static final int ORDER = 2;
    private static final int BOTH = STYLE | ORDER;

    private static final String SEPARATOR = "; ";

    private DateStyle() {}

    /**
     * Returns the commands that do to the server's default what one command does to the value that others have made of it.
     *
     * @param before those others, or null while the value is the default
     */
    static String after(@Nullable String before, String command) {
        int said = said(command);
        if (before == null || said == BOTH) {
            return command;
        }
        List<String> kept = new ArrayList<>();
        // No value that a server takes has a semicolon in it.
        for (String one : before.split(SEPARATOR)) {
            if ((said(one) & ~said) != 0) {
                kept.add(one);
            }
        }
        kept.add(command);
        return String.join(SEPARATOR, kept);
    }

    /** Returns true when commands lead to the same value from any other. */
    static boolean isWhole(String commands) {
        int end = commands.indexOf(SEPARATOR);
        return said(end < 0 ? commands : commands.substring(0, end)) == BOTH;
    }

    private static int said(String command) {
        int said = 0;
        for (String word : command.toUpperCase(Locale.ROOT).split("[^A-Z]+")) {
            said |= switch (word) {
                case "ISO", "SQL" -> STYLE;
                case "YMD", "DMY", "MDY", "US" -> ORDER;
                // The order of GERMAN is DMY where none is named.
                case "GERMAN", "DEFAULT" -> BOTH;
                default ->
                    word.startsWith("POSTGRES")
                            ? STYLE
                            : word.startsWith("EURO") || word.startsWith("NONEURO") ? ORDER : 0;
            };
        }
        return said;
    }
}
