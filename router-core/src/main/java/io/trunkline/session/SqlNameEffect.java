// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.backend.ReplyEffect;
import io.trunkline.prepared.SessionStatements;

/**
 * A name that a PREPARE which is not translated took, or DEALLOCATE or Close gave up: applied when the request is read, because the next request may use it, and
 * taken back when the request turns out to have failed or been skipped.
 */
final class SqlNameEffect extends ReplyEffect {
    private final SessionStatements statements;
    private final String name;
    private final boolean before;

    SqlNameEffect(SessionStatements statements, String name, boolean after) {
        this.statements = statements;
        this.name = name;
        this.before = statements.isPreparedBySql(name);
        statements.preparedBySql(name, after);
    }

    @Override
    public void onUndone() {
        statements.preparedBySql(name, before);
    }
}
