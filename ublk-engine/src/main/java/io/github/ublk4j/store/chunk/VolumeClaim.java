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

package io.github.ublk4j.store.chunk;

import java.time.Duration;

/**
 * How a server wants to use a volume.
 *
 * @param holder who it is: for people, and different for every claim
 * @param readOnly whether it only reads; any number of servers may, beside one that
 * writes
 * @param lease how long others are refused after the last sign of life
 * @param takeOver whether a server that holds the volume loses it
 */
public record VolumeClaim(String holder, boolean readOnly, Duration lease, boolean takeOver) {

}
