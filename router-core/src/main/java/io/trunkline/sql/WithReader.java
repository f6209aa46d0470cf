// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.ArrayList;
import java.util.List;
import net.sf.jsqlparser.schema.Column;
import net.sf.jsqlparser.statement.select.SelectItem;
import net.sf.jsqlparser.statement.select.WithItem;

/** The head of a common table expression. */
final class WithReader {
    /** Where the rows of an expression lie that is read before itself has been. */
    static final Placement READ_EARLY = clause("a WITH RECURSIVE that reads an expression behind it");

    private WithReader() {}

    /** Returns the index behind WITH and its expressions, or 0 when a statement does not begin with it. */
    static int behind(TokenList tokens) {
        if (!tokens.isWord(0, "with")) {
            return 0;
        }
        int i = tokens.isWord(1, "recursive") ? 2 : 1;
        while (true) {
            i = tokens.isCharacter(i + 1, '(') ? tokens.behindGroup(i + 1) : i + 1;
            int body = i + 1 + (tokens.isWord(i + 1, "not") ? 1 : 0);
            body += tokens.isWord(body, "materialized") ? 1 : 0;
            if (!tokens.isWord(i, "as") || !tokens.isCharacter(body, '(')) {
                throw ClauseSplit.unclear("WITH is written in an unusual way");
            }
            i = tokens.behindGroup(body);
            if (!tokens.isCharacter(i, ',')) {
                return i;
            }
            i++;
        }
    }

    /** Returns its folded name. */
    static String nameOf(WithItem<?> item) {
        if (item.getAlias() == null) {
            throw QueryTreeReader.unreadable("there is a common table expression without a name");
        }
        return Names.fold(item.getAlias().getName());
    }

    /**
     * Returns where its rows lie.
     *
     * @param recursive whether it may read itself
     * @param body where the rows of its query lie
     */
    static Placement placementOf(WithItem<?> item, boolean recursive, Placement body) {
        if (item.getSearchClause() != null || item.getCycleClause() != null) {
            return clause("SEARCH or CYCLE");
        }
        if (recursive && !(body instanceof Placement.Whole)) {
            return body instanceof Placement.Unproven ? body : clause("WITH RECURSIVE of sharded tables");
        }
        return body instanceof Placement.Partitioned rows ? rows.renamed(columnsOf(item)) : body;
    }

    private static Placement clause(String what) {
        return new Placement.Unproven(RefusalCode.CLAUSE_ACROSS_SHARDS.because("the query has " + what));
    }

    private static List<String> columnsOf(WithItem<?> item) {
        List<String> names = new ArrayList<>();
        if (item.getWithItemList() != null) {
            for (SelectItem<?> column : item.getWithItemList()) {
                if (!(column.getExpression() instanceof Column name)) {
                    throw QueryTreeReader.unreadable("a common table expression has columns of an unknown form");
                }
                names.add(Names.fold(name.getColumnName()));
            }
        }
        if (item.getAlias().getAliasColumns() != null) {
            item.getAlias().getAliasColumns().forEach(column -> names.add(Names.fold(column.name)));
        }
        return names;
    }
}
