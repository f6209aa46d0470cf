// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.backend.ReplyEffect;
import io.trunkline.prepared.SessionStatements;

/**
 * All names of statements that DEALLOCATE ALL gives up: applied when the request is read, because the next statement may take one of them, and
 * taken back when it turns out to have failed or been skipped.
 */
final class AllNamesEffect extends ReplyEffect {
    private final SessionStatements.Names names;

    AllNamesEffect(SessionStatements statements) {
        names = statements.takeNamed();
    }

    @Override
    public void onConfirmed() {
        names.release();
    }

    @Override
    public void onUndone() {
        names.restore();
    }
}
