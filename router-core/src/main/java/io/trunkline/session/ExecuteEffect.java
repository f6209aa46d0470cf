// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.ReplyEffect;
import io.trunkline.wire.ErrorResponse;
import org.jspecify.annotations.Nullable;

/** A request about an EXECUTE by extended protocol: its errors are told in the client's words; what else follows from it is another effect's. */
final class ExecuteEffect extends ReplyEffect {
    private final Session session;
    private final EditedText text;
    private final @Nullable ReplyEffect next;

    ExecuteEffect(Session session, EditedText text, @Nullable ReplyEffect next) {
        this.session = session;
        this.text = text;
        this.next = next;
    }

    @Override
    public ErrorResponse translate(ErrorResponse error) {
        session.commands.failed(text.used(), error);
        return text.translate(error);
    }

    @Override
    public void onConfirmed() {
        if (next != null) {
            next.onConfirmed();
        }
    }

    @Override
    public void onUndone() {
        if (next != null) {
            next.onUndone();
        }
    }

    @Override
    public void onSkipped() {
        if (next != null) {
            next.onSkipped();
        }
    }

    @Override
    public void onParameterDescription(ByteBuf buffer, int index) {
        if (next != null) {
            next.onParameterDescription(buffer, index);
        }
    }
}
