// SPDX-License-Identifier: Apache-2.0
package io.trunkline.frontend;

import io.trunkline.auth.LoginRefused;
import io.trunkline.error.RouterErrors;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The startup parameter {@code options}: a command line for the server, such as {@code -c statement_timeout=5s --search-path=a,\ b}.
 *
 * <p>Split as {@code pg_split_opts} does (postinit.c): at white space, a backslash takes the next character literally. Only settings are
 * taken; other switches are refused rather than dropped, because dropping one changes what the client gets.
 */
final class StartupOptions {

    private StartupOptions() {}

    /** Adds the settings of a command line to {@code settings}, later ones replacing earlier ones. */
    static void read(String options, Map<String, String> settings) throws LoginRefused {
        Iterator<String> words = split(options).iterator();
        while (words.hasNext()) {
            String word = words.next();
            if (word.startsWith("--")) {
                set(word.substring(2), "--" + word.substring(2), settings);
            } else if (word.equals("-c")) {
                if (!words.hasNext()) {
                    throw new LoginRefused(RouterErrors.invalidStartupOption("option requires an argument -- 'c'"));
                }
                set(words.next(), "-c", settings);
            } else if (word.startsWith("-c")) {
                set(word.substring(2), "-c", settings);
            } else if (word.startsWith("-")) {
                throw new LoginRefused(RouterErrors.unsupportedStartupSwitch(word));
            } else {
                throw new LoginRefused(
                        RouterErrors.invalidStartupOption("invalid command-line argument for server process: " + word));
            }
        }
    }

    private static void set(String assignment, String option, Map<String, String> settings) throws LoginRefused {
        int equals = assignment.indexOf('=');
        if (equals <= 0) {
            String subject = option.equals("-c") ? "-c " + assignment : option;
            throw new LoginRefused(RouterErrors.invalidStartupOption(subject + " requires a value"));
        }
        // ParseLongOption: dashes in the name stand for underscores.
        String name = assignment.substring(0, equals).replace('-', '_').toLowerCase(Locale.ROOT);
        settings.put(name, assignment.substring(equals + 1));
    }

    static List<String> split(String options) {
        List<String> words = new ArrayList<>();
        int position = 0;
        while (true) {
            while (position < options.length() && isSpace(options.charAt(position))) {
                position++;
            }
            if (position == options.length()) {
                return words;
            }
            StringBuilder word = new StringBuilder();
            boolean escaped = false;
            for (; position < options.length(); position++) {
                char c = options.charAt(position);
                if (isSpace(c) && !escaped) {
                    break;
                }
                if (c == '\\' && !escaped) {
                    escaped = true;
                    continue;
                }
                word.append(c);
                escaped = false;
            }
            words.add(word.toString());
        }
    }

    /** C's isspace in the C locale. */
    private static boolean isSpace(char c) {
        return c == ' ' || c >= '\t' && c <= '\r';
    }
}
