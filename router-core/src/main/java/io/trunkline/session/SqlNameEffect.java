// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.backend.ReplyEffect;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.prepared.SessionStatements;
import io.trunkline.sql.SessionCommand;
import org.jspecify.annotations.Nullable;

/**
 * A name that SQL's PREPARE took, or DEALLOCATE or Close gave up: applied when the request is read, because the next request may use it, and
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

    /**
     * Returns why a command cannot use the name it gives, or null. SQL and the protocol share one space of names, but the backend knows what was
     * prepared by protocol under a name of the router's.
     */
    static @Nullable RouterError problem(SessionStatements statements, SessionCommand command, int statementsMax) {
        if (command instanceof SessionCommand.Prepare prepare) {
            if (statements.get(prepare.name()) != null) {
                return RouterErrors.duplicateStatement(prepare.name());
            }
            return statements.namedCount() < statementsMax ? null : RouterErrors.tooManyStatements(statementsMax);
        }
        return command instanceof SessionCommand.Execute run && statements.get(run.name()) != null
                ? RouterErrors.preparedByProtocol(run.name())
                : null;
    }

    @Override
    public void onUndone() {
        statements.preparedBySql(name, before);
    }
}
