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

import io.micrometer.common.docs.KeyName;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationConvention;
import io.micrometer.observation.docs.ObservationDocumentation;

/**
 * The observations of disks.
 */
public enum UblkObservations implements ObservationDocumentation {

	/**
	 * What a disk does for one request: from the call of its code to the end of its
	 * {@code Mono}.
	 */
	HANDLER {

		@Override
		public Class<? extends ObservationConvention<? extends Observation.Context>> getDefaultConvention() {
			return DefaultBlockRequestObservationConvention.class;
		}

		@Override
		public KeyName[] getLowCardinalityKeyNames() {
			return LowCardinality.values();
		}

		@Override
		public KeyName[] getHighCardinalityKeyNames() {
			return HighCardinality.values();
		}

	};

	/**
	 * Key names with few values.
	 */
	public enum LowCardinality implements KeyName {

		/** The name of the disk. */
		DEVICE("device"),

		/** What was asked for: read, write, flush, discard or write_zeroes. */
		OPERATION("operation"),

		/** How it ended: success, error or cancelled. */
		OUTCOME("outcome"),

		/** The error that the kernel is told, such as ENOSPC; none after a success. */
		ERRNO("errno");

		private final String key;

		LowCardinality(String key) {
			this.key = key;
		}

		@Override
		public String asString() {
			return this.key;
		}

	}

	/**
	 * Key names with many values, which traces have and meters have not.
	 */
	public enum HighCardinality implements KeyName {

		/** The byte on the disk where the request begins. */
		OFFSET("offset"),

		/** How many bytes the request is about. */
		LENGTH("length");

		private final String key;

		HighCardinality(String key) {
			this.key = key;
		}

		@Override
		public String asString() {
			return this.key;
		}

	}

}
