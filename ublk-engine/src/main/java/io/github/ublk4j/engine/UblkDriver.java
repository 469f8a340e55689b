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

package io.github.ublk4j.engine;

import java.util.Set;

/**
 * The ublk driver of this host.
 *
 * @param kernel the release of the kernel that it is part of, as {@code uname -r} tells
 * @param features what it can do ({@code UBLK_F_*} without the prefix); empty before
 * Linux 6.5, which cannot be asked
 */
public record UblkDriver(String kernel, Set<String> features) {

}
