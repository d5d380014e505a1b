/* The exchanges, protocols and then transports: one line each.
 * SPDX-License-Identifier: MIT */
TW__PROTOCOL(local)
TW__PROTOCOL(ps)
TW__PROTOCOL(hogwild)
TW__PROTOCOL(hogwild_cas)
TW__PROTOCOL(aig)
TW__PROTOCOL(mutex)
TW__PROTOCOL(roundrobin)
TW__PROTOCOL(roundrobin_delayed)
TW__TRANSPORT(threads)
TW__TRANSPORT(sim)
