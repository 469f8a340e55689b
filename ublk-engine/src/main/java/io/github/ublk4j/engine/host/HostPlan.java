/*
 * Copyright 2026 the ublk4j authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *      https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

package io.github.ublk4j.engine.host;

import java.nio.file.Path;

import org.jspecify.annotations.Nullable;

/**
 * What an engine will want of the host.
 *
 * @param stateDirectory where it keeps which device serves a disk, if anywhere
 * @param bufferBytes how much memory its disks will lock, in bytes
 * @param oomScoreAdj what it will set {@code oom_score_adj} to, if it will
 */
public record HostPlan(@Nullable Path stateDirectory, long bufferBytes, @Nullable Integer oomScoreAdj) {

}
