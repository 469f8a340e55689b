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

package io.github.ublk4j.metrics;

import java.time.Duration;

import io.github.ublk4j.block.BlockOperation;

/**
 * A request that is being served.
 *
 * @param tag its tag, which is unique in the queue while it is served
 * @param operation what it asks for
 * @param offset the byte on the disk where it begins
 * @param length its length in bytes
 * @param age how long ago the queue's thread saw it; up to two seconds too little where
 * nobody observes the queue ({@link QueueMetrics#observing()})
 */
public record InFlightRequest(int tag, BlockOperation operation, long offset, long length, Duration age) {

}
