// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the tokens of a COPY say, but for the values of its literals: so it holds for every text with the same fingerprint.
 *
 * <p>Both ways to write options are read, {@code WITH (FORMAT csv, HEADER)} and {@code WITH CSV HEADER}. An option that is not known here could change what a
 * row is, so it is refused.
 *
 * @param schema the folded schema of the table, or null
 * @param name the folded name of the table, empty for the COPY of a query
 * @param columns the folded names of the columns, empty without a list
 * @param isFrom whether rows come from the client
 * @param options in the order of the text
 * @see <a href="https://www.postgresql.org/docs/18/sql-copy.html">COPY</a>
 */
record CopySyntax(@Nullable String schema, String name, List<String> columns, boolean isFrom, List<Option> options) {

    private static final int NOTHING = -1;

    /** Options of both ways to write them that are read, or that do not concern the router: the servers say what is wrong with them. */
    private static final Set<String> KNOWN = Set.of(
            "format",
            "freeze",
            "delimiter",
            "null",
            "default",
            "header",
            "quote",
            "escape",
            "force_quote",
            "force_not_null",
            "force_null",
            "on_error",
            "encoding",
            "log_verbosity");

    /**
     * One option.
     *
     * @param name in the spelling of {@code WITH (...)}
     * @param value the token of its value, or -1 when it has none
     * @param names the folded columns it is about
     */
    record Option(String name, int value, List<String> names) {
        /** Returns true when it has no value, or a list of columns. */
        boolean isBare() {
            return value == NOTHING;
        }
    }

    /** Reads a COPY from or to the client. */
    static CopySyntax read(TokenList tokens) {
        return new Reader(tokens).read();
    }

    /** Walks through the tokens once. */
    private static final class Reader {
        private final TokenList tokens;
        private final List<Option> options = new ArrayList<>();
        private int at;

        Reader(TokenList tokens) {
            this.tokens = tokens;
        }

        CopySyntax read() {
            expect("copy");
            if (tokens.isCharacter(at, '(')) {
                at = tokens.behindGroup(at);
                boolean isFrom = direction();
                readOptions();
                return new CopySyntax(null, "", List.of(), isFrom, options);
            }
            if (tokens.isWord(at, "binary") && tokens.token(at + 1).isName() && !tokens.isWord(at + 1, "from", "to")) {
                throw refused("it begins with COPY BINARY");
            }
            String name = name();
            String schema = null;
            if (tokens.isCharacter(at, '.')) {
                at++;
                schema = name;
                name = name();
            }
            List<String> columns = tokens.isCharacter(at, '(') ? names() : List.of();
            boolean isFrom = direction();
            readOptions();
            return new CopySyntax(schema, name, columns, isFrom, options);
        }

        private boolean direction() {
            boolean isFrom = tokens.isWord(at, "from");
            if (!isFrom) {
                expect("to");
            } else {
                at++;
            }
            if (!tokens.isWord(at, "stdin", "stdout")) {
                throw new RefusedStatement(RefusalCode.COPY.because("the data are not the client's"));
            }
            at++;
            return isFrom;
        }

        private void readOptions() {
            if (tokens.isWord(at, "with")) {
                at++;
            }
            if (tokens.isCharacter(at, '(')) {
                readGenericOptions();
            } else {
                while (at < end()) {
                    readOldOption();
                }
            }
            if (tokens.isWord(at, "where")) {
                throw refused("it has WHERE");
            }
            if (at < end()) {
                throw refused("what stands behind its options is not known");
            }
        }

        /** Returns the index behind the last token that is not a closing semicolon. */
        private int end() {
            int end = tokens.size();
            while (end > 0 && tokens.isCharacter(end - 1, ';')) {
                end--;
            }
            return end;
        }

        private void readGenericOptions() {
            do {
                at++;
                String name = name();
                if (!KNOWN.contains(name)) {
                    throw refused("option " + name + " is not known");
                }
                if (tokens.isCharacter(at, '(')) {
                    options.add(new Option(name, NOTHING, names()));
                } else if (tokens.isCharacter(at, ',') || tokens.isCharacter(at, ')')) {
                    options.add(new Option(name, NOTHING, List.of()));
                } else {
                    options.add(new Option(name, at, List.of()));
                    at = tokens.behindEscape(at);
                }
            } while (tokens.isCharacter(at, ','));
            if (!tokens.isCharacter(at, ')')) {
                throw refused("its options cannot be read");
            }
            at++;
        }

        private void readOldOption() {
            int first = at;
            if (tokens.isWord(at, "binary", "csv")) {
                at++;
                options.add(new Option("format", first, List.of()));
            } else if (tokens.isWord(at, "header", "freeze")) {
                at++;
                options.add(new Option(tokens.name(first), NOTHING, List.of()));
            } else if (tokens.isWord(at, "delimiter", "null", "quote", "escape")) {
                at += tokens.isWord(at + 1, "as") ? 2 : 1;
                options.add(new Option(tokens.name(first), literal(), List.of()));
            } else if (tokens.isWord(at, "encoding")) {
                at++;
                options.add(new Option("encoding", literal(), List.of()));
            } else if (tokens.isSequence(at, "force", "quote")) {
                at += 2;
                columnsOf("force_quote");
            } else if (tokens.isSequence(at, "force", "not", "null")) {
                at += 3;
                columnsOf("force_not_null");
            } else if (tokens.isSequence(at, "force", "null")) {
                at += 2;
                columnsOf("force_null");
            } else {
                throw refused(tokens.isWord(at, "where") ? "it has WHERE" : "its options cannot be read");
            }
        }

        private int literal() {
            if (!tokens.token(at).isLiteral()) {
                throw refused("its options cannot be read");
            }
            return at++;
        }

        private void columnsOf(String option) {
            if (tokens.isCharacter(at, '*')) {
                options.add(new Option(option, at++, List.of()));
                return;
            }
            List<String> names = new ArrayList<>();
            names.add(name());
            while (tokens.isCharacter(at, ',')) {
                at++;
                names.add(name());
            }
            options.add(new Option(option, NOTHING, names));
        }

        private List<String> names() {
            List<String> names = new ArrayList<>();
            do {
                at++;
                names.add(name());
            } while (tokens.isCharacter(at, ','));
            if (!tokens.isCharacter(at, ')')) {
                throw refused("a list of names cannot be read");
            }
            at++;
            return names;
        }

        private String name() {
            if (!tokens.token(at).isName()) {
                throw refused("a name is missing");
            }
            String name = tokens.name(at);
            at = tokens.behindEscape(at);
            return name;
        }

        private void expect(String word) {
            if (!tokens.isWord(at, word)) {
                throw refused("it cannot be read");
            }
            at++;
        }
    }

    private static RefusedStatement refused(String what) {
        return new RefusedStatement(RefusalCode.COPY_OPTION.because(what));
    }
}
