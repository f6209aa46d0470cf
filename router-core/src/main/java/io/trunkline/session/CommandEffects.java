// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.ReplyEffect;
import io.trunkline.sql.SessionCommand;
import io.trunkline.sql.StatementKind;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the statements of one Query or Execute do to the session: each takes effect when its CommandComplete comes. */
final class CommandEffects extends ReplyEffect {
    private record Step(StatementKind kind, @Nullable SessionCommand command, String text) {}

    private final SessionContext context;
    private final List<Step> steps = new ArrayList<>(1);
    private int next;

    CommandEffects(SessionContext context) {
        this.context = context;
    }

    void add(StatementKind kind, @Nullable SessionCommand command, String text) {
        steps.add(new Step(kind, command, text));
    }

    @Override
    public boolean wantsCommandComplete() {
        return true;
    }

    @Override
    public void onCommandComplete(ByteBuf buffer, int index) {
        // A rewrite rule can complete more commands than there are statements; those are not the session's.
        if (next < steps.size()) {
            Step step = steps.get(next++);
            context.completed(step.kind, step.command, step.text, buffer, index);
        }
    }
}
