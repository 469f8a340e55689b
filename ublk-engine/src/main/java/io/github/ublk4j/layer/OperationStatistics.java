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

package io.github.ublk4j.layer;

import java.time.Duration;

/**
 * What a {@link StatsStore} has counted of one operation.
 *
 * @param requests the requests that have ended
 * @param errors those of them that have failed
 * @param cancelled those of them that nobody waited for any more
 * @param bytes what those covered that have succeeded
 * @param totalTime the sum of the times that they took
 * @param longestTime the longest of them
 */
public record OperationStatistics(long requests, long errors, long cancelled, long bytes, Duration totalTime,
		Duration longestTime) {

}
