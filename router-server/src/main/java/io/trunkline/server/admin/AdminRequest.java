// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.admin;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is asked of a page.
 *
 * @param rest the words of the path behind the page's own, none for the page itself
 * @param parameters behind the question mark
 */
public record AdminRequest(List<String> rest, Map<String, List<String>> parameters) {

    /** Returns the first value of a parameter, or null when it was not given. */
    public @Nullable String parameter(String name) {
        List<String> values = parameters.get(name);
        return values == null ? null : values.get(0);
    }
}
