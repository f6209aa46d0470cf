// SPDX-License-Identifier: Apache-2.0
package io.trunkline.copy;

/**
 * Finds where rows end in data of one format, and the key in a row.
 *
 * <p>Remembers how far it has looked into the row that is not complete yet, so that nothing is looked at twice; what it is asked about then may have moved, as
 * long as it begins with the same bytes.
 */
sealed interface RowReader permits TextRows, CsvRows, BinaryRows {
    /** The row is not complete. */
    int MORE = -1;

    /** The mark for the end of all data stands here: {@link #behindMark} tells where it ends. */
    int MARK = -2;

    /**
     * Returns the index behind the row, or the header, that begins at {@code start}.
     *
     * @param limit behind the last byte that is there
     * @param last whether no further byte comes
     * @throws CopyFailure at data that no server takes
     */
    int end(byte[] bytes, int start, int limit, boolean last);

    /** Returns the index behind the mark for the end of all data. */
    int behindMark();

    /** Fails when a server does not pass over data behind that mark. */
    void refuseBehindMark();

    /** Finds the key of the row that was found last. */
    void key(byte[] bytes, int start, KeyField key);

    /** Returns how many lines a server counts for the row that was found last, which has told line ends apart before it or not. */
    int lines(boolean knewLineEnds);

    /** Returns true when a server that has read what was found so far knows how lines end. */
    boolean knowsLineEnds();
}
