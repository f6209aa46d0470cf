// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads the schemas out of the command that set {@code search_path}. */
final class SearchPath {
    /** The value PostgreSQL has without any setting. */
    static final String DEFAULT = "\"$user\", public";

    /** PostgreSQL's NAMEDATALEN less the terminating zero: longer names are cut. */
    private static final int NAME_BYTES_MAX = 63;

    private static final Pattern PLAIN = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

    private SearchPath() {}

    /** Returns the schemas in order, with {@code $user} replaced; one that is not known when a part cannot be read, so that no table is found by guess. */
    static List<String> of(@Nullable String command, String user) {
        String list = command == null ? DEFAULT : value(command);
        List<String> schemas = new ArrayList<>();
        int at = 0;
        while (at < list.length()) {
            char c = list.charAt(at);
            if (c == ',' || Character.isWhitespace(c)) {
                at++;
                continue;
            }
            StringBuilder name = new StringBuilder();
            if (c == '"' || c == '\'') {
                at++;
                while (at < list.length()
                        && (list.charAt(at) != c || at + 1 < list.length() && list.charAt(at + 1) == c)) {
                    if (list.charAt(at) == c) {
                        at++;
                    }
                    name.append(list.charAt(at++));
                }
                at++;
            } else {
                while (at < list.length() && list.charAt(at) != ',' && !Character.isWhitespace(list.charAt(at))) {
                    name.append(list.charAt(at++));
                }
                if (!PLAIN.matcher(name).matches()) {
                    // A constant or name of another spelling: then nothing is known of the path.
                    return TextContext.UNKNOWN_PATH;
                }
                name = new StringBuilder(name.toString().toLowerCase(Locale.ROOT));
            }
            if (name.toString().getBytes(StandardCharsets.UTF_8).length > NAME_BYTES_MAX) {
                return TextContext.UNKNOWN_PATH;
            }
            schemas.add(name.toString().equals("$user") ? user : name.toString());
        }
        return schemas;
    }

    /** Returns the list behind SET search_path TO, or the text in set_config('search_path', '...', false). */
    private static String value(String command) {
        String prefix = "SELECT pg_catalog.set_config('search_path', '";
        if (command.startsWith(prefix)) {
            int end = command.lastIndexOf("', false)");
            return end < 0 ? "" : command.substring(prefix.length(), end).replace("''", "'");
        }
        int to = command.toLowerCase(Locale.ROOT).indexOf("search_path");
        if (to < 0) {
            return "";
        }
        String rest = command.substring(to + "search_path".length()).strip();
        if (rest.startsWith("=")) {
            return rest.substring(1);
        }
        return rest.length() > 2 && rest.substring(0, 2).equalsIgnoreCase("to") ? rest.substring(2) : "";
    }
}
