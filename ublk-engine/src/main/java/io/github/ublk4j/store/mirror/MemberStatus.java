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

package io.github.ublk4j.store.mirror;

import java.time.Instant;

import org.jspecify.annotations.Nullable;

/**
 * How a member of a mirror is.
 *
 * @param name what it is, for people
 * @param state what it is good for
 * @param staleBytes how much of it has to be copied before it is current, in whole
 * regions
 * @param since when it ceased to be current, or the mirror was opened with it as such;
 * {@code null} if it is current
 * @param failure why it is not current, {@code null} if it is, or if it is a new member
 * that has not been filled yet
 */
public record MemberStatus(String name, MemberState state, long staleBytes, @Nullable Instant since,
		@Nullable String failure) {

}
