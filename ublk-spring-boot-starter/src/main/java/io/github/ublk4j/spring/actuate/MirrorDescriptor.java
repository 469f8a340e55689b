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

package io.github.ublk4j.spring.actuate;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.store.mirror.MemberState;
import io.github.ublk4j.store.mirror.MemberStatus;
import io.github.ublk4j.store.mirror.MirrorBlockStore;
import org.jspecify.annotations.Nullable;

/**
 * Description of a mirror that a disk keeps its data in. All sizes are bytes.
 *
 * @param size what it holds
 * @param degraded whether it survives the loss of fewer stores than it should, because
 * some are not current
 * @param members its stores, in the order in which they were given
 */
public record MirrorDescriptor(long size, boolean degraded, List<MemberDescriptor> members) {

	/**
	 * Describes the mirrors that are part of a store, at any depth.
	 */
	static List<MirrorDescriptor> of(Optional<BlockStore> store) {
		return store.map(MirrorBlockStore::in).orElseGet(List::of).stream().map(MirrorDescriptor::of).toList();
	}

	private static MirrorDescriptor of(MirrorBlockStore mirror) {
		List<MemberDescriptor> members = mirror.members().stream().map(MemberDescriptor::of).toList();
		return new MirrorDescriptor(mirror.size(), members.stream().anyMatch(MemberDescriptor::missing), members);
	}

	/**
	 * Returns the members that the mirror goes on without.
	 */
	List<MemberDescriptor> missing() {
		return this.members.stream().filter(MemberDescriptor::missing).toList();
	}

	/**
	 * Description of a member of a mirror.
	 *
	 * @param name its store, without credentials
	 * @param state what it is good for
	 * @param staleBytes how much of it is still to be copied before it is current
	 * @param since when it ceased to be current, or the mirror was opened with it as such
	 * @param failure why it is not current, without credentials; a new member has not
	 * failed
	 */
	public record MemberDescriptor(String name, MemberState state, long staleBytes,
			@JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Instant since,
			@JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String failure) {

		static MemberDescriptor of(MemberStatus status) {
			String failure = status.failure();
			return new MemberDescriptor(Credentials.hiddenIn(status.name()), status.state(), status.staleBytes(),
					status.since(), (failure != null) ? Credentials.hiddenIn(failure) : null);
		}

		private boolean missing() {
			return this.state != MemberState.CURRENT;
		}

	}

}
