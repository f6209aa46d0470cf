// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/** Names of PostgreSQL's own objects, one a line in a resource beside this class; lines that begin with {@code #} are comments. */
final class NameList {
    private NameList() {}

    static Set<String> load(String resource) {
        try (InputStream in = Objects.requireNonNull(NameList.class.getResourceAsStream(resource), resource);
                BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            return reader.lines()
                    .filter(line -> !line.isBlank() && line.charAt(0) != '#')
                    .collect(Collectors.toUnmodifiableSet());
        } catch (IOException e) {
            throw new UncheckedIOException(resource, e);
        }
    }
}
