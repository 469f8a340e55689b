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

import java.util.Locale;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.spring.actuate.UblkObservations.HighCardinality;
import io.github.ublk4j.spring.actuate.UblkObservations.LowCardinality;
import io.micrometer.common.KeyValues;

/**
 * The names and keys of {@link UblkObservations#HANDLER}.
 */
public class DefaultBlockRequestObservationConvention implements BlockRequestObservationConvention {

	/** Creates a convention. */
	public DefaultBlockRequestObservationConvention() {
		// nothing to set
	}

	@Override
	public String getName() {
		return "ublk.handler";
	}

	@Override
	public String getContextualName(BlockRequestObservationContext context) {
		return operation(context) + " " + context.disk();
	}

	@Override
	public KeyValues getLowCardinalityKeyValues(BlockRequestObservationContext context) {
		return KeyValues.of(LowCardinality.DEVICE.withValue(context.disk()),
				LowCardinality.OPERATION.withValue(operation(context)),
				LowCardinality.OUTCOME.withValue(outcome(context)), LowCardinality.ERRNO.withValue(errno(context)));
	}

	@Override
	public KeyValues getHighCardinalityKeyValues(BlockRequestObservationContext context) {
		return KeyValues.of(HighCardinality.OFFSET.withValue(Long.toString(context.offset())),
				HighCardinality.LENGTH.withValue(Long.toString(context.length())));
	}

	private static String operation(BlockRequestObservationContext context) {
		return context.operation().name().toLowerCase(Locale.ROOT);
	}

	private static String outcome(BlockRequestObservationContext context) {
		if (context.cancelled()) {
			return "cancelled";
		}
		return (context.getError() != null) ? "error" : "success";
	}

	private static String errno(BlockRequestObservationContext context) {
		Throwable error = context.getError();
		if (error != null) {
			return BlockIoException.errnoOf(error).name();
		}
		return context.cancelled() ? BlockErrno.EIO.name() : "none";
	}

}
