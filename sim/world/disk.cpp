#include "sim/world/disk.h"
