/* The figures, in the order in which they are made and listed: TW__FIGURE(NAME) is tw__figure_NAME in a file
 * of this folder.
 * SPDX-License-Identifier: MIT */
TW__FIGURE(bowl)
TW__FIGURE(v1)
TW__FIGURE(v2)
TW__FIGURE(fig3_1)
TW__FIGURE(fig3_2)
TW__FIGURE(fig3_3)
TW__FIGURE(fig4_1)
TW__FIGURE(nag_rate)
TW__FIGURE(fig4_2)
TW__FIGURE(fig4_6)
TW__FIGURE(fig5_1)
TW__FIGURE(fig5_3)
TW__FIGURE(fig5_4)
TW__FIGURE(fig5_5)
TW__FIGURE(fig5_6)
TW__FIGURE(fig5_8)
