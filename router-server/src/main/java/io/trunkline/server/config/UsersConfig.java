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
        Map<String, UserConfig> inline,

        @Setting(
                "At least 16 characters, the same for all routers of a deployment: makes a login look the same on each, whether there is such a user or not. Random when it is not set.")
        @Nullable
        Secret decoySecret)
        implements Validated {

    private static final int DECOY_SECRET_LEAST = 16;

    @Override
    public void validate(Problems problems) {
        if (decoySecret != null && decoySecret.reveal().length() < DECOY_SECRET_LEAST) {
            problems.add("decoy_secret", "***", "at least " + DECOY_SECRET_LEAST + " characters");
        }
    }
}
