// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.Synthesis;
import io.trunkline.error.RouterErrors;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.TransactionStatus;

/**
 * A name that a translated PREPARE gave to a statement, and the words in which that is sent; also its answer where no backend has to be asked, because
 * the statement is known to be valid.
 */
final class PrepareEffect extends Synthesis {
    private final NameEffect name;
    private final EditedText text;

    PrepareEffect(NameEffect name, EditedText text) {
        this.name = name;
        this.text = text;
    }

    @Override
    public void writeTo(ByteBuf out, TransactionStatus status) {
        if (status == TransactionStatus.FAILED) {
            name.onUndone();
            RouterErrors.transactionAborted().response().encode(out);
        } else {
            BackendWriter.commandComplete(out, "PREPARE");
        }
        BackendWriter.readyForQuery(out, status);
    }

    @Override
    public ErrorResponse translate(ErrorResponse error) {
        return text.translate(error);
    }

    @Override
    public void onUndone() {
        name.onUndone();
    }
}
