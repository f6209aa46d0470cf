// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

/**
 * The characteristics named by {@code BEGIN}, {@code START TRANSACTION}, {@code SET TRANSACTION} or {@code SET SESSION CHARACTERISTICS}.
 *
 * @param readOnly {@code READ ONLY} or {@code READ WRITE}
 * @param serializable {@code ISOLATION LEVEL SERIALIZABLE} or another level
 * @param deferrable {@code DEFERRABLE} or {@code NOT DEFERRABLE}
 * @param isUnderstood whether the list is one that PostgreSQL takes, to its end; looked at in BEGIN only
 */
public record TransactionMode(Choice readOnly, Choice serializable, Choice deferrable, boolean isUnderstood) {
    /** No characteristic is named. */
    public static final TransactionMode UNSAID = new TransactionMode(Choice.UNSAID, Choice.UNSAID, Choice.UNSAID);

    /** Makes the modes of a list that PostgreSQL takes. */
    public TransactionMode(Choice readOnly, Choice serializable, Choice deferrable) {
        this(readOnly, serializable, deferrable, true);
    }

    /** One characteristic: said to be on, said to be off, or left as the session has it. */
    public enum Choice {
        YES,
        NO,
        UNSAID
    }

    /** Returns true when the transaction declares itself read only, so that a replica may serve it. */
    public boolean isReadOnly() {
        return readOnly == Choice.YES;
    }
}
