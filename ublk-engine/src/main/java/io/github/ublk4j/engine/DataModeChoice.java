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

import java.util.List;

import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.engine.driver.UblkFeature;
import io.github.ublk4j.engine.queue.PageRegistration;
import org.jspecify.annotations.Nullable;

/**
 * A way to move data that a disk and a kernel allow, and what it asks of the driver.
 *
 * @param mode the mode
 * @param flags the {@link UblkFeature} masks to ask for
 * @param registration how request pages become fixed buffers
 */
record DataModeChoice(DataMode mode, long flags, PageRegistration registration) {

	/**
	 * Returns what can be tried, the best first.
	 * @param disk the name of the disk
	 * @param asked the mode asked for
	 * @param transfersOnly whether the disk moves its data by transfers alone
	 * @param features what the driver has
	 * @return the choices, not empty
	 * @throws DiskRefusedException if the driver does not have the mode asked for
	 */
	static List<DataModeChoice> of(String disk, DataMode asked, boolean transfersOnly, long features) {
		return switch (asked) {
			case COPY -> List.of(copy());
			case USER_COPY -> {
				require(disk, asked, "6.5", features, UblkFeature.USER_COPY);
				yield List.of(userCopy());
			}
			case ZERO_COPY -> {
				require(disk, asked, "6.15", features, UblkFeature.SUPPORT_ZERO_COPY);
				yield List.of(zeroCopy(features));
			}
			case AUTO -> automatic(transfersOnly, features);
		};
	}

	private static List<DataModeChoice> automatic(boolean transfersOnly, long features) {
		if (!UblkFeature.USER_COPY.in(features)) {
			return List.of(copy());
		}
		if (transfersOnly && UblkFeature.SUPPORT_ZERO_COPY.in(features)) {
			return List.of(zeroCopy(features), userCopy(), copy());
		}
		return List.of(userCopy(), copy());
	}

	private static DataModeChoice copy() {
		return new DataModeChoice(DataMode.COPY, 0, PageRegistration.NONE);
	}

	private static DataModeChoice userCopy() {
		return new DataModeChoice(DataMode.USER_COPY, UblkFeature.USER_COPY.mask(), PageRegistration.NONE);
	}

	// with user copy, so that a disk can ask for a buffer
	private static DataModeChoice zeroCopy(long features) {
		long flags = UblkFeature.USER_COPY.mask() | UblkFeature.SUPPORT_ZERO_COPY.mask();
		return UblkFeature.AUTO_BUF_REG.in(features)
				? new DataModeChoice(DataMode.ZERO_COPY, flags | UblkFeature.AUTO_BUF_REG.mask(),
						PageRegistration.AUTOMATIC)
				: new DataModeChoice(DataMode.ZERO_COPY, flags, PageRegistration.BY_COMMAND);
	}

	/**
	 * Returns how the data of a device moves that has been made before.
	 * @param flags the flags of the device
	 * @return the choice
	 */
	static DataModeChoice ofDevice(long flags) {
		if (UblkFeature.SUPPORT_ZERO_COPY.in(flags)) {
			return zeroCopy(flags);
		}
		return UblkFeature.USER_COPY.in(flags) ? userCopy() : copy();
	}

	private static void require(String disk, DataMode asked, String version, long features, UblkFeature feature) {
		if (!feature.in(features)) {
			throw new DiskRefusedException(disk, DiskRefusedException.Reason.DATA_MODE,
					"data mode " + asked + " needs Linux " + version + " or later, and this kernel does not have it.",
					"Use AUTO or COPY.");
		}
	}

	/**
	 * Returns this choice with pages registered in another way.
	 */
	DataModeChoice registering(@Nullable PageRegistration other) {
		if (other == null || this.mode != DataMode.ZERO_COPY) {
			return this;
		}
		long automatic = UblkFeature.AUTO_BUF_REG.mask();
		return new DataModeChoice(this.mode,
				(other == PageRegistration.BY_COMMAND) ? this.flags & ~automatic : this.flags | automatic, other);
	}

	/**
	 * Returns whether the driver has granted all that the mode needs.
	 */
	boolean grantedBy(long grantedFlags) {
		return (grantedFlags & this.flags) == this.flags;
	}

}
