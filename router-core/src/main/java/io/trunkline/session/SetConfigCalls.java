// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.sql.ConfiguredParameters;
import io.trunkline.sql.SessionEffect;
import io.trunkline.sql.StatementShape;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads which parameters the calls of {@code set_config} in a request's text may set for the session. One per {@link RequestReader}. */
final class SetConfigCalls {
    private final ConfiguredParameters parameters = new ConfiguredParameters();

    /** Fills in what the text of a request may set, and what the prepared statements that the request uses by name may. */
    void read(Request request, ByteBuf text, int start, int end, boolean conforming) {
        Set<String> known = parameters.read(text, start, end, conforming);
        request.configured = known == null ? null : withUsed(known, request.used, conforming);
    }

    private @Nullable Set<String> withUsed(Set<String> known, List<EditedText.Used> used, boolean conforming) {
        Set<String> all = new HashSet<>(known);
        for (EditedText.Used one : used) {
            if (areIn(one.statement().analysis().shape().statements())) {
                ByteBuf sql = Unpooled.wrappedBuffer(one.statement().sql());
                Set<String> more = parameters.read(sql, 0, sql.readableBytes(), conforming);
                if (more == null) {
                    return null;
                }
                all.addAll(more);
            }
        }
        return all;
    }

    /** Returns true when one of the statements calls it. */
    static boolean areIn(List<StatementShape> statements) {
        for (int i = 0; i < statements.size(); i++) {
            if (isIn(statements.get(i))) {
                return true;
            }
        }
        return false;
    }

    /** What is set for the transaction only has no effect on the session, but on how its texts are read. */
    private static boolean isIn(StatementShape statement) {
        return statement.effects().contains(SessionEffect.SET_CONFIG)
                || statement.functions().contains("set_config")
                || statement.functions().contains("pg_catalog.set_config");
    }

    /**
     * Returns true when a statement sets a parameter by that name.
     *
     * @param configured what the calls of its text set; null when that is not known, which counts as no
     */
    static boolean mayChange(String parameter, StatementShape statement, @Nullable Set<String> configured) {
        return configured != null && configured.contains(parameter) && isIn(statement);
    }
}
