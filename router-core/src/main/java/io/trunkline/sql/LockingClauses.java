// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import org.jspecify.annotations.Nullable;

/** FOR UPDATE and the like: which relations they lock rows of, as far as names tell. */
final class LockingClauses {
    private LockingClauses() {}

    /**
     * Returns true unless every locking clause names sharded tables only. Without OF it locks rows of all relations, those of sub-queries in FROM
     * included.
     *
     * @param scope of the only block, or null when there are several
     */
    static boolean mayLockOthers(TokenList tokens, @Nullable QueryScope scope) {
        for (int i = 0; i < tokens.size(); i++) {
            int behind = behindStrength(tokens, i);
            if (behind > 0 && (scope == null || !namesShardedOnly(tokens, behind, scope))) {
                return true;
            }
        }
        return false;
    }

    /** Returns what stands behind FOR and how much is locked, or 0. */
    private static int behindStrength(TokenList tokens, int i) {
        if (!tokens.isWord(i, "for")) {
            return 0;
        }
        if (tokens.isWord(i + 1, "update", "share")) {
            return i + 2;
        }
        if (tokens.isSequence(i + 1, "key", "share")) {
            return i + 3;
        }
        return tokens.isSequence(i + 1, "no", "key", "update") ? i + 4 : 0;
    }

    private static boolean namesShardedOnly(TokenList tokens, int behind, QueryScope scope) {
        if (!tokens.isWord(behind, "of")) {
            return false;
        }
        int name = behind + 1;
        while (tokens.token(name).isName() && scope.isSharded(tokens.name(name))) {
            if (!tokens.isCharacter(name + 1, ',')) {
                // With its schema before it a table goes by no name that was looked up.
                return !tokens.isCharacter(name + 1, '.');
            }
            name += 2;
        }
        return false;
    }
}
