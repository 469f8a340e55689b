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

package io.github.ublk4j.spring.store;

import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.spring.test.StoreContract;
import io.github.ublk4j.store.NullBlockStore;

/**
 * A disk that keeps nothing, as far as it can fulfil the contract: read-only, it is one
 * of zeros.
 */
class NullBlockStoreContractTests extends StoreContract {

	NullBlockStoreContractTests() {
		super(new NullBlockStore(1L << 40), DiskSpec.named("null").readOnly(true));
	}

}
