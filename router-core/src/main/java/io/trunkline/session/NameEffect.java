// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.backend.ReplyEffect;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.prepared.SessionStatements;
import org.jspecify.annotations.Nullable;

/**
 * A name that a Parse gave to a statement, or a Close took away: applied when the request is read, because the next request may use it, and
 * taken back when the request turns out to have failed or been skipped.
 */
final class NameEffect extends ReplyEffect {
    private final SessionStatements statements;
    private final String name;
    private final @Nullable PreparedStatement before;

    NameEffect(SessionStatements statements, String name, @Nullable PreparedStatement after) {
        this.statements = statements;
        this.name = name;
        this.before = statements.get(name);
        statements.put(name, after);
    }

    @Override
    public void onUndone() {
        // A failed Parse leaves no unnamed statement behind; a name stays what it was.
        statements.put(name, name.isEmpty() ? null : before);
    }
}
