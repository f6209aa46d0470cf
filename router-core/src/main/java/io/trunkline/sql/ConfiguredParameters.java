// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.netty.buffer.ByteBuf;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads which parameters the calls of {@code set_config} in a text set.
 *
 * <p>The names are literals of the text at hand, so they are no part of what is remembered by fingerprint. One per event loop.
 */
public final class ConfiguredParameters {
    private final TokenList tokens = new TokenList();

    /**
     * Returns the names, in lower case, or null when one of them is not written as a plain literal, or is one whose value cannot be read back.
     *
     * @param start of the text, which may have several statements
     */
    public @Nullable Set<String> read(ByteBuf text, int start, int end, boolean standardConformingStrings) {
        tokens.read(text, start, end, standardConformingStrings);
        if (tokens.isCutOff()) {
            return null;
        }
        Set<String> names = new HashSet<>();
        for (int i = 0; i + 1 < tokens.size(); i++) {
            if (tokens.token(i).isName()
                    && tokens.isCharacter(i + 1, '(')
                    && tokens.name(i).equals("set_config")) {
                String name = name(i + 2);
                if (name == null) {
                    return null;
                }
                names.add(name);
            }
        }
        return names;
    }

    private @Nullable String name(int i) {
        if (tokens.token(i) != Token.STRING || !tokens.isCharacter(i + 1, ',')) {
            return null;
        }
        String raw = tokens.raw(i);
        String name = raw.substring(1, raw.length() - 1);
        // A quote within means a doubled one or a continued literal: nobody names parameters like that.
        return name.indexOf('\'') < 0 && !name.equalsIgnoreCase("seed") ? name.toLowerCase(Locale.ROOT) : null;
    }
}
