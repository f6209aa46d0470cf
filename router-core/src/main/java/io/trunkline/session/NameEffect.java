// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.backend.ReplyEffect;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.prepared.SessionStatements;
import org.jspecify.annotations.Nullable;

/**
 * A name that a Parse or PREPARE gave to a statement, or a Close or DEALLOCATE took away: applied when the request is read, because the next request may use
 * it, and taken back when the request turns out to have failed or been skipped.
 *
 * <p>Queries in a transaction that has failed are undone one by one, the oldest first. So a name that was given to another statement since comes back when it
 * was taken away, and is left alone by what had given it.
 */
final class NameEffect extends ReplyEffect {
    private final SessionStatements statements;
    private final String name;
    private final @Nullable PreparedStatement before;
    private final @Nullable PreparedStatement after;

    NameEffect(SessionStatements statements, String name, @Nullable PreparedStatement after) {
        this.statements = statements;
        this.name = name;
        this.before = statements.get(name);
        this.after = after;
        statements.put(name, after);
    }

    @Override
    public void onUndone() {
        if (after == null || statements.get(name) == after) {
            // A failed Parse leaves no unnamed statement behind; a name stays what it was.
            statements.put(name, name.isEmpty() ? null : before);
        }
    }

    @Override
    public void onSkipped() {
        if (after == null || statements.get(name) == after) {
            statements.put(name, before);
        }
    }
}
