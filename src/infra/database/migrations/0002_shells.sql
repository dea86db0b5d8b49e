CREATE TABLE "image_validations" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" integer NOT NULL,
	"image" text NOT NULL,
	"shell_type" text NOT NULL,
	"shell_name" text,
	"stage" text DEFAULT 'submitted' NOT NULL,
	"progress" integer DEFAULT 10 NOT NULL,
	"stage_times" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"outcome" text,
	"checks" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"errors" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"error_message" text,
	"error_code" text,
	"digest" text,
	"log_tail" text,
	"report_seq" integer,
	"revision" integer DEFAULT 1 NOT NULL,
	"submissions" integer DEFAULT 0 NOT NULL,
	"heard_at" timestamp with time zone DEFAULT now() NOT NULL,
	"deadline_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"completed_at" timestamp with time zone
);
--> statement-breakpoint
DROP INDEX "shells_owner_name_key";--> statement-breakpoint
ALTER TABLE "shells" ADD COLUMN "image_ref" text;--> statement-breakpoint
ALTER TABLE "shells" ADD COLUMN "state" text DEFAULT 'Available' NOT NULL;--> statement-breakpoint
ALTER TABLE "shells" ADD COLUMN "state_reason" text;--> statement-breakpoint
ALTER TABLE "image_validations" ADD CONSTRAINT "image_validations_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "image_validations_running_key" ON "image_validations" USING btree ("user_id","image","shell_type") WHERE "image_validations"."outcome" is null;--> statement-breakpoint
CREATE INDEX "image_validations_newest" ON "image_validations" USING btree ("user_id","image","shell_type","created_at" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "image_validations_by_shell" ON "image_validations" USING btree ("user_id","shell_name","created_at" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "image_validations_unended" ON "image_validations" USING btree ("heard_at") WHERE "image_validations"."outcome" is null;--> statement-breakpoint
CREATE UNIQUE INDEX "shells_owner_name_key" ON "shells" USING btree (coalesce("user_id", 0),"name") WHERE "shells"."is_active";