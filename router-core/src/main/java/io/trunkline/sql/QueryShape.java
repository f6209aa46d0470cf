// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What routing must know of a whole query text. Immutable; cached by fingerprint.
 *
 * @param statements the statements in order, empty ones left out
 * @param trusted false when the text could not be read to its end: {@code statements} is then what was found before, and any statement of any kind
 *     may follow. Such a text goes to the primary, and nothing may be concluded from it about the session
 */
public record QueryShape(List<StatementShape> statements, boolean trusted) {
    public QueryShape {
        statements = List.copyOf(statements);
    }

    /** Returns the one statement that was found, or null when there are none or several. */
    public @Nullable StatementShape only() {
        return statements.size() == 1 ? statements.get(0) : null;
    }

    /** Returns the kind of that one statement, or {@link StatementKind#OTHER} when there is none. */
    public StatementKind onlyKind() {
        return statements.size() == 1 ? statements.get(0).kind() : StatementKind.OTHER;
    }

    /** Returns the strongest demand among the statements: one that writes makes all of them write. */
    public Access access() {
        if (!trusted) {
            return Access.WRITE;
        }
        Access strongest = Access.NEUTRAL;
        for (StatementShape statement : statements) {
            if (statement.access() == Access.WRITE) {
                return Access.WRITE;
            }
            if (statement.access() == Access.READ) {
                strongest = Access.READ;
            }
        }
        return strongest;
    }
}
