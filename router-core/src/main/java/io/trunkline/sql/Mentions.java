// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.ScatterShape.TokenRange;
import java.util.HashSet;
import java.util.Set;

/**
 * Everything a statement names that a catalogue may know more of, whether it reads or writes.
 *
 * @param functions every identifier followed by an opening parenthesis, folded, qualified when it was; keywords that only look like functions are
 *     left out
 * @param names every other identifier, folded, each part of a qualified name alone
 * @param operators as they are written
 * @param relations the relations of a query or modification, folded, without schema; none of any other statement
 */
public record Mentions(Set<String> functions, Set<String> names, Set<String> operators, Set<String> relations) {
    /** Of a statement that names nothing. */
    public static final Mentions NONE = new Mentions(Set.of(), Set.of(), Set.of(), Set.of());

    public Mentions {
        functions = Set.copyOf(functions);
        names = Set.copyOf(names);
        operators = Set.copyOf(operators);
        relations = Set.copyOf(relations);
    }

    static Mentions in(TokenList tokens) {
        Set<String> names = new HashSet<>();
        Set<String> operators = new HashSet<>();
        for (int i = 0; i < tokens.size(); i++) {
            Token token = tokens.token(i);
            if (token == Token.OPERATOR) {
                operators.add(tokens.raw(i));
            } else if (token.isName()) {
                String name = tokens.name(i);
                if (token != Token.IDENTIFIER || !Keywords.isReserved(name)) {
                    names.add(name);
                }
            }
        }
        Set<String> functions = new CalledFunctions(tokens, new TokenRange(0, tokens.size())).names();
        return new Mentions(functions, names, operators, Set.of());
    }

    /** Returns this of a statement with these relations. */
    Mentions with(Set<String> relationNames) {
        return new Mentions(functions, names, operators, relationNames);
    }
}
