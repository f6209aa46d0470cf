// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.netty.buffer.ByteBuf;
import io.trunkline.sql.CopyOptions.Columns;
import io.trunkline.sql.CopyOptions.Format;
import io.trunkline.sql.CopySyntax.Option;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads the values of a COPY's options from its text, with PostgreSQL's defaults for those that are not given. */
final class CopyValues {
    private final TokenList tokens;
    private final CopySyntax syntax;
    private final ByteBuf text;
    private final boolean standardConformingStrings;

    CopyValues(TokenList tokens, CopySyntax syntax, ByteBuf text, boolean standardConformingStrings) {
        this.tokens = tokens;
        this.syntax = syntax;
        this.text = text;
        this.standardConformingStrings = standardConformingStrings;
    }

    /** Returns the statement. */
    CopyStatement statement() {
        Set<String> seen = new HashSet<>();
        for (Option option : syntax.options()) {
            if (!seen.add(option.name())) {
                throw refused("option " + option.name() + " is given twice");
            }
        }
        refuseUnlessHarmless();
        Format format = format();
        byte quote = character("quote", "\"");
        String escape = value("escape");
        String nullText = value("null");
        return new CopyStatement(
                qualifiedTable(),
                syntax.name(),
                syntax.columns(),
                new CopyOptions(
                        format,
                        character("delimiter", format == Format.CSV ? "," : "\t"),
                        quote,
                        escape == null ? quote : character("escape", "\""),
                        nullText == null ? format == Format.CSV ? "" : "\\N" : nullText,
                        value("default"),
                        isHeaderGiven(),
                        columns("force_null"),
                        columns("force_not_null"),
                        value("encoding") != null));
    }

    private String qualifiedTable() {
        String schema = syntax.schema();
        return syntax.name().isEmpty() ? "" : (schema == null ? "" : quoted(schema) + ".") + quoted(syntax.name());
    }

    private static String quoted(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    private @Nullable Option option(String name) {
        for (Option option : syntax.options()) {
            if (option.name().equals(name)) {
                return option;
            }
        }
        return null;
    }

    /** Returns the value of an option as a string, or null when it is not given. */
    private @Nullable String value(String name) {
        Option option = option(name);
        if (option == null) {
            return null;
        }
        if (option.isBare()) {
            throw refused("option " + name + " has no value");
        }
        int token = option.value();
        if (tokens.token(token).isName()) {
            return tokens.name(token);
        }
        String value = tokens.token(token).isLiteral()
                ? LiteralText.read(text, tokens.start(token), tokens.end(token), standardConformingStrings)
                : null;
        if (value == null) {
            throw refused("the value of option " + name + " cannot be read");
        }
        return value;
    }

    private byte character(String name, String otherwise) {
        String given = value(name);
        String value = given == null ? otherwise : given;
        if (value.length() != 1 || value.charAt(0) >= 0x80 || value.charAt(0) == 0) {
            throw refused("option " + name + " is not one ASCII character");
        }
        return (byte) value.charAt(0);
    }

    private Format format() {
        String format = value("format");
        if (format == null) {
            return Format.TEXT;
        }
        // PostgreSQL compares these names exactly.
        return switch (format) {
            case "text" -> Format.TEXT;
            case "csv" -> Format.CSV;
            case "binary" -> Format.BINARY;
            default -> throw refused("its format is not known");
        };
    }

    private boolean isHeaderGiven() {
        Option option = option("header");
        if (option == null) {
            return false;
        }
        String value = option.isBare() ? "true" : value("header");
        return switch (String.valueOf(value).toLowerCase(Locale.ROOT)) {
            case "true", "on", "1", "match" -> true;
            case "false", "off", "0" -> false;
            default -> throw refused("the value of option header is not known");
        };
    }

    private Columns columns(String name) {
        Option option = option(name);
        if (option == null) {
            return Columns.NONE;
        }
        if (!option.isBare()) {
            if (!tokens.isCharacter(option.value(), '*')) {
                throw refused("option " + name + " has no list of columns");
            }
            return Columns.ALL;
        }
        return new Columns(false, option.names());
    }

    /** Options by which rows would be left out, or read in an encoding of their own. */
    private void refuseUnlessHarmless() {
        String onError = value("on_error");
        if (onError != null && !onError.equalsIgnoreCase("stop")) {
            throw refused("rows with errors are to be left out");
        }
        if (option("log_verbosity") != null) {
            throw refused("option log_verbosity is about rows that are left out");
        }
        String encoding = value("encoding");
        if (encoding != null && !encoding.replace("-", "").replace("_", "").equalsIgnoreCase("utf8")) {
            throw refused("its encoding is not UTF8");
        }
    }

    private static RefusedStatement refused(String what) {
        return new RefusedStatement(RefusalCode.COPY_OPTION.because(what));
    }
}
