// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Who may log in. */
public record UsersConfig(
        @Setting("YAML file of the same form as the key inline: user name, then the user's keys.") @Nullable
        Path file,

        @Setting("Users by name; a user must not stand here and in the file.")
        Map<String, UserConfig> inline) {}
