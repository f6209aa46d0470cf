// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How the data of one COPY are written, as far as it matters where a row ends and what a column of it holds.
 *
 * @param format the form of the rows
 * @param delimiter between two columns; means nothing in binary format
 * @param quote around a value; CSV only
 * @param escape before a quote within a value; CSV only
 * @param nullText what stands for NULL, in the client's encoding
 * @param defaultText what stands for a column's default, or null when nothing does
 * @param header whether a line with names comes first
 * @param forcedNull columns in which a quoted {@code nullText} is NULL, too; CSV only
 * @param forcedNotNull columns in which an unquoted {@code nullText} is a value; CSV only
 * @param utf8 whether the data are said to be in UTF8; else they are in the client's encoding
 */
public record CopyOptions(
        Format format,
        byte delimiter,
        byte quote,
        byte escape,
        String nullText,
        @Nullable String defaultText,
        boolean header,
        Columns forcedNull,
        Columns forcedNotNull,
        boolean utf8) {

    /** The form of the rows. */
    public enum Format {
        /** A line for each row, with backslashes for what could be mistaken. */
        TEXT,
        /** A line for each row, with quotes around what could be mistaken. */
        CSV,
        /** Counted values. */
        BINARY
    }

    /**
     * Columns that an option is about.
     *
     * @param all whether it is about all of them
     * @param names their folded names otherwise
     */
    public record Columns(boolean all, List<String> names) {
        static final Columns NONE = new Columns(false, List.of());
        static final Columns ALL = new Columns(true, List.of());

        /** Copies the list. */
        public Columns {
            names = List.copyOf(names);
        }

        /** Returns true when a column, by its folded name, is one of them. */
        public boolean contains(String column) {
            return all || names.contains(column);
        }
    }
}
